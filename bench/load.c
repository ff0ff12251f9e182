/* A load generator for the socket of Myna: one thread, epoll, no allocation per message.
 *
 *   load HOST PORT CAST [--mode chat|connect] [--seconds S] [--warm S] [--window N] [--rate R] [--bytes N] [--at-once N] [--hold S]
 *
 * CAST is a file with a line for each connection: "token conversation sends", sends being 1 or 0.
 * chat:    every sender keeps `window` messages in flight (closed loop), or all senders together send `rate` messages a
 *          second at planned times (open loop). Latency then counts from the planned time, so a server that falls behind
 *          cannot hide it (no coordinated omission).
 * connect: connects everybody, `at-once` at a time, and measures until each was greeted; then holds them for `hold` seconds.
 * The result is one JSON object on standard output, with the generator's own share of its core: near 1.0 it measures itself.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif
#define BUCKETS 4000000 /* latencies in microseconds, up to 4 s */
#define READ_BYTES (1 << 20)

enum state { NEW, CONNECTING, SHAKING, GREETING, OPEN, DEAD };

struct client {
    int fd, sends;
    enum state state;
    char *token;
    char conversation[20];
    char *left;            /* an unfinished frame */
    size_t left_n, left_cap;
    char *out;             /* what the socket did not take yet */
    size_t out_n, out_cap;
    unsigned in_flight;
};

static struct client *clients;
static int count, opened, dead, polled, at_once = 64, window = 1, body_bytes = 100;
static double seconds = 5, warm = 1, rate, hold;
static long gather_us;
static uint64_t start_at, end_at, number, run;
static uint64_t sent, acked, delivered, echoed, refused, other, bytes_in;
static uint32_t *delivery_us;
static struct sockaddr_in server;
static char host_header[64], chunk[READ_BYTES];

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void record(uint32_t *histogram, uint64_t since, uint64_t now) {
    uint64_t us = now > since ? (now - since) / 1000 : 0;
    histogram[us < BUCKETS ? us : BUCKETS - 1]++;
}

static double percentile(const uint32_t *histogram, double share) {
    uint64_t all = 0, seen = 0;
    for (int i = 0; i < BUCKETS; i++) all += histogram[i];
    if (!all) return -1;
    for (int i = 0; i < BUCKETS; i++)
        if ((seen += histogram[i]) > (uint64_t)((double)all * share)) return i / 1000.0;
    return BUCKETS / 1000.0;
}

static void watch(struct client *c, int op, int writing) {
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(polled, op, c->fd, &event);
}

static void lose(struct client *c, const char *why) {
    if (c->state == DEAD) return;
    if (dead++ < 3) fprintf(stderr, "load: a connection ended: %s\n", why);
    if (c->state == OPEN) opened--;
    c->state = DEAD;
    close(c->fd);
}

static void put(struct client *c, const char *data, size_t size) {
    if (c->out_n == 0) {
        ssize_t taken = send(c->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (taken == (ssize_t)size) return;
        if (taken < 0 && errno != EAGAIN) { lose(c, strerror(errno)); return; }
        if (taken > 0) { data += taken; size -= (size_t)taken; }
        watch(c, EPOLL_CTL_MOD, 1);
    }
    if (c->out_n + size > c->out_cap) {
        c->out_cap = (c->out_n + size) * 2;
        c->out = realloc(c->out, c->out_cap);
    }
    memcpy(c->out + c->out_n, data, size);
    c->out_n += size;
}

static void flush_out(struct client *c) {
    ssize_t taken = send(c->fd, c->out, c->out_n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0) { if (errno != EAGAIN) lose(c, strerror(errno)); return; }
    c->out_n -= (size_t)taken;
    memmove(c->out, c->out + taken, c->out_n);
    if (c->out_n == 0) watch(c, EPOLL_CTL_MOD, 0);
}

/* A masked text frame (RFC 6455, section 5.2); a mask of zero leaves the payload as it is. */
static size_t framed(char *to, const char *payload, size_t size) {
    size_t at = 0;
    to[at++] = (char)0x81;
    if (size < 126) to[at++] = (char)(0x80 | size);
    else { to[at++] = (char)(0x80 | 126); to[at++] = (char)(size >> 8); to[at++] = (char)size; }
    memset(to + at, 0, 4);
    at += 4;
    memcpy(to + at, payload, size);
    return at + size;
}

static void say(struct client *c, uint64_t planned) {
    static const char *const words[] = {
        "about ", "after ", "again ", "answer ", "arrived ", "because ", "before ", "better ", "blue ", "box ", "broken ",
        "called ", "card ", "change ", "colour ", "could ", "courier ", "delivery ", "door ", "early ", "evening ", "every ",
        "found ", "friend ", "green ", "happy ", "help ", "hope ", "house ", "invoice ", "kind ", "label ", "large ", "later ",
        "letter ", "little ", "looks ", "maybe ", "money ", "morning ", "never ", "number ", "often ", "order ", "other ",
        "paid ", "paper ", "parcel ", "people ", "phone ", "picture ", "please ", "quick ", "return ", "right ", "shop ",
        "should ", "small ", "street ", "thanks ", "today ", "week ", "where ", "would "};
    static uint32_t dice = 12345;
    char payload[60000], frame[60016];
    int n = sprintf(payload,
                    /* The time stands in the id, so that the text is words and nothing that a filter would stumble over. */
                    "{\"op\":\"send\",\"ref\":%llu,\"conversation\":\"%s\",\"client_id\":\"TS+%016llx+%08x+%llx-%llx\","
                    "\"body\":{\"text\":\"",
                    (unsigned long long)number, c->conversation, (unsigned long long)planned, (unsigned)(c - clients),
                    (unsigned long long)run, (unsigned long long)number);
    int text = 0;
    while (text < body_bytes) { /* words in random order, so that no two messages look like repetitions */
        dice = dice * 1664525u + 1013904223u;
        const char *word = words[dice >> 26];
        size_t size = strlen(word);
        memcpy(payload + n, word, size);
        n += (int)size;
        text += (int)size;
    }
    n += sprintf(payload + n, "\"}}");
    number++;
    c->in_flight++;
    if (planned >= start_at && planned < end_at) sent++;
    put(c, frame, framed(frame, payload, (size_t)n));
}

static void greeted(struct client *c) {
    c->state = OPEN;
    opened++;
}

static uint64_t stamp_in(const char *payload, size_t size, unsigned *sender) {
    const char *at = memmem(payload, size, "TS+", 3);
    if (!at || at + 28 > payload + size) return 0;
    char *end;
    uint64_t stamp = strtoull(at + 3, &end, 16);
    *sender = (unsigned)strtoul(end + 1, NULL, 16);
    return stamp;
}

static void on_frame(struct client *c, int opcode, const char *payload, size_t size, uint64_t now) {
    int inside = now >= start_at && now < end_at;
    if (inside) bytes_in += size;
    if (opcode == 9) { /* ping */
        char pong[16] = {(char)0x8A, (char)0x80};
        put(c, pong, 6);
        return;
    }
    if (opcode == 8) { lose(c, "the server closed it"); return; }
    if (size > 14 && !memcmp(payload, "{\"op\":\"event\"", 13)) {
        unsigned sender = 0;
        uint64_t stamp = stamp_in(payload, size, &sender);
        if (!inside || !stamp) return;
        if (sender == (unsigned)(c - clients)) { echoed++; return; }
        delivered++;
        record(delivery_us, stamp, now);
    } else if (size > 12 && !memcmp(payload, "{\"op\":\"ack\"", 11)) {
        if (inside) acked++;
        c->in_flight--;
        if (rate == 0 && now < end_at) say(c, now);
    } else if (size > 13 && !memcmp(payload, "{\"op\":\"ready\"", 13)) {
        greeted(c);
    } else if (size > 12 && !memcmp(payload, "{\"op\":\"nack\"", 12)) {
        if (refused++ < 3) fprintf(stderr, "load: %.*s\n", size < 300 ? (int)size : 300, payload);
        c->in_flight--;
        if (rate == 0 && c->state == OPEN && now < end_at) say(c, now);
    } else other++;
}

static void on_handshake(struct client *c, char **at, char *end) {
    char *done = memmem(*at, (size_t)(end - *at), "\r\n\r\n", 4);
    if (!done) return;
    if (memcmp(*at, "HTTP/1.1 101", 12)) { lose(c, "the upgrade was refused"); return; }
    *at = done + 4;
    c->state = GREETING;
    char payload[2048], frame[2100];
    int n = sprintf(payload, "{\"op\":\"hello\",\"v\":1,\"token\":\"%s\"}", c->token);
    put(c, frame, framed(frame, payload, (size_t)n));
}

static void on_readable(struct client *c) {
    size_t kept = c->left_n;
    memcpy(chunk, c->left, kept);
    ssize_t got = recv(c->fd, chunk + kept, READ_BYTES - kept, MSG_DONTWAIT);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) lose(c, got == 0 ? "end of stream" : strerror(errno));
        return;
    }
    char *at = chunk, *end = chunk + kept + got;
    uint64_t now = now_ns();
    if (c->state == SHAKING) on_handshake(c, &at, end);
    while (c->state > SHAKING && c->state != DEAD && end - at >= 2) {
        size_t size = (unsigned char)at[1] & 127, head = 2;
        if (size == 126) {
            if (end - at < 4) break;
            size = (size_t)(unsigned char)at[2] << 8 | (unsigned char)at[3];
            head = 4;
        } else if (size == 127) {
            if (end - at < 10) break;
            size = 0;
            for (int i = 2; i < 10; i++) size = size << 8 | (unsigned char)at[i];
            head = 10;
        }
        if ((size_t)(end - at) < head + size) break;
        on_frame(c, at[0] & 15, at + head, size, now);
        at += head + size;
    }
    if (c->state == DEAD) return;
    c->left_n = (size_t)(end - at);
    if (c->left_n > c->left_cap) {
        c->left_cap = c->left_n * 2;
        c->left = realloc(c->left, c->left_cap);
    }
    if (c->left_n) memcpy(c->left, at, c->left_n);
}

static void begin(struct client *c) {
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    c->state = CONNECTING;
    if (connect(c->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS) {
        perror("load: connect");
        exit(1);
    }
    watch(c, EPOLL_CTL_ADD, 1);
}

static void shake(struct client *c) {
    char request[512];
    int n = sprintf(request,
                    "GET /v1/socket HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                    host_header);
    c->state = SHAKING;
    watch(c, EPOLL_CTL_MOD, 0);
    put(c, request, (size_t)n);
}

static void turn(int wait_ms) {
    static struct epoll_event events[1024];
    if (gather_us) {
        struct timespec pause = {0, gather_us * 1000};
        nanosleep(&pause, NULL);
    }
    int n = epoll_wait(polled, events, 1024, wait_ms);
    for (int i = 0; i < n; i++) {
        struct client *c = events[i].data.ptr;
        if (c->state == DEAD) continue;
        if (c->state == CONNECTING) { shake(c); continue; }
        if (events[i].events & EPOLLOUT) flush_out(c);
        if (c->state != DEAD && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_readable(c);
    }
}

static double connect_all(void) {
    int begun = 0;
    uint64_t from = now_ns();
    while (opened + dead < count) {
        while (begun < count && begun - opened - dead < at_once) begin(&clients[begun++]);
        turn(1000);
        if (now_ns() - from > 240ull * 1000000000) { fprintf(stderr, "load: %d of %d connected\n", opened, count); break; }
    }
    return (double)(now_ns() - from) / 1e9;
}

static void chat(int senders) {
    uint64_t from = now_ns();
    start_at = from + (uint64_t)(warm * 1e9);
    end_at = start_at + (uint64_t)(seconds * 1e9);
    uint64_t planned = from, step = rate > 0 ? (uint64_t)(1e9 / rate) : 0;
    int next = 0;
    if (rate == 0)
        for (int i = 0; i < count; i++)
            for (int k = 0; clients[i].sends && clients[i].state == OPEN && k < window; k++) say(&clients[i], now_ns());
    while (now_ns() < end_at + 500000000ull) {
        if (rate > 0) {
            uint64_t now = now_ns();
            while (planned <= now && planned < end_at && senders) {
                while (!clients[next % count].sends) next++;
                struct client *c = &clients[next++ % count];
                if (c->state == OPEN) say(c, planned);
                planned += step;
            }
        }
        turn(rate > 0 ? 1 : 20);
    }
}

static double cpu_s(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)used.ru_utime.tv_sec + used.ru_utime.tv_usec / 1e6 + (double)used.ru_stime.tv_sec + used.ru_stime.tv_usec / 1e6;
}

static void read_cast(const char *path) {
    char line[4096], token[2048], conversation[20];
    int sends, room = 0;
    FILE *cast = fopen(path, "r");
    if (!cast) { perror(path); exit(1); }
    while (fgets(line, sizeof line, cast)) {
        if (sscanf(line, "%2047s %19s %d", token, conversation, &sends) != 3) continue;
        if (count == room) clients = realloc(clients, sizeof *clients * (size_t)(room = room ? room * 2 : 1024));
        clients[count] = (struct client){.sends = sends, .token = strdup(token)};
        strcpy(clients[count++].conversation, conversation);
    }
    fclose(cast);
}

int main(int argc, char **argv) {
    if (argc < 4) { fprintf(stderr, "usage: load HOST PORT CAST [options]\n"); return 2; }
    const char *mode = "chat";
    for (int i = 4; i + 1 < argc; i += 2) {
        const char *value = argv[i + 1];
        if (!strcmp(argv[i], "--mode")) mode = value;
        else if (!strcmp(argv[i], "--seconds")) seconds = atof(value);
        else if (!strcmp(argv[i], "--warm")) warm = atof(value);
        else if (!strcmp(argv[i], "--window")) window = atoi(value);
        else if (!strcmp(argv[i], "--rate")) rate = atof(value);
        else if (!strcmp(argv[i], "--bytes")) body_bytes = atoi(value);
        else if (!strcmp(argv[i], "--at-once")) at_once = atoi(value);
        else if (!strcmp(argv[i], "--gather-us")) gather_us = atol(value);
        else if (!strcmp(argv[i], "--hold")) hold = atof(value);
        else { fprintf(stderr, "load: unknown option %s\n", argv[i]); return 2; }
    }
    read_cast(argv[3]);
    snprintf(host_header, sizeof host_header, "%s:%s", argv[1], argv[2]);
    server.sin_family = AF_INET;
    server.sin_port = htons((uint16_t)atoi(argv[2]));
    inet_pton(AF_INET, argv[1], &server.sin_addr);
    delivery_us = calloc(BUCKETS, sizeof *delivery_us);
    polled = epoll_create1(0);
    run = now_ns() ^ (uint64_t)getpid() << 40;
    int senders = 0;
    for (int i = 0; i < count; i++) senders += clients[i].sends;

    double connect_cpu = cpu_s(), connecting = connect_all();
    connect_cpu = cpu_s() - connect_cpu;
    printf("{\"connections\": %d, \"connect_s\": %.3f, \"connects_per_s\": %.1f, \"connect_generator_cpu\": %.3f", opened,
           connecting, opened / connecting, connect_cpu / connecting);
    if (!strcmp(mode, "connect")) {
        printf(", \"dead\": %d}\n", dead);
        fflush(stdout);
        for (uint64_t until = now_ns() + (uint64_t)(hold * 1e9); now_ns() < until;) turn(100);
        return dead ? 1 : 0;
    }
    double used = cpu_s();
    uint64_t from = now_ns();
    chat(senders);
    double wall = (double)(now_ns() - from) / 1e9;
    printf(", \"seconds\": %.2f, \"sent\": %llu, \"acked_per_s\": %.1f, \"delivered_per_s\": %.1f, \"echoed_per_s\": %.1f, "
           "\"bytes_per_s\": %.0f, \"refused\": %llu, \"other\": %llu, \"dead\": %d, "
           "\"delivery_ms\": {\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"p999\": %.3f, \"max\": %.3f}, "
           "\"generator_cpu\": %.3f}\n",
           seconds, (unsigned long long)sent, (double)acked / seconds, (double)delivered / seconds,
           (double)echoed / seconds, (double)bytes_in / seconds, (unsigned long long)refused, (unsigned long long)other, dead,
           percentile(delivery_us, .5), percentile(delivery_us, .9), percentile(delivery_us, .99),
           percentile(delivery_us, .999), percentile(delivery_us, 1.0 - 1e-12), (cpu_s() - used) / wall);
    return 0;
}
