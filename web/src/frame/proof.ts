/** What the server asks for when an address is noisy: a number whose hash with the challenge begins with `bits` zero bits. */
export interface Challenge {
  challenge: string;
  bits: number;
}

export interface Proof {
  challenge: string;
  answer: string;
}

/** Hashes between two turns of the event loop: a few milliseconds, so that the page stays alive. */
const SLICE = 4096;

// The first 64 primes' cube roots and the first 8 primes' square roots (FIPS 180-4, sections 4.2.2 and 5.3.3), worked out.
const primes: number[] = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((each) => n % each)) primes.push(n);
const fraction = (root: number) => ((root % 1) * 2 ** 32) | 0;
const K = Int32Array.from(primes, (each) => fraction(Math.cbrt(each)));
const START = Int32Array.from(primes.slice(0, 8), (each) => fraction(Math.sqrt(each)));

const W = new Int32Array(64);

/** One step of SHA-256 (FIPS 180-4, section 6.2.2) over the 64 bytes of `block` from `at`. */
function step(state: Int32Array, block: DataView, at: number): void {
  for (let t = 0; t < 64; t++) {
    if (t < 16) W[t] = block.getInt32(at + 4 * t);
    else {
      const x = W[t - 15]!;
      const y = W[t - 2]!;
      const small = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const large = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      W[t] = (W[t - 16]! + small + W[t - 7]! + large) | 0;
    }
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + s1 + ((e & f) ^ (~e & g)) + K[t]! + W[t]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((each, at) => (state[at] = (state[at]! + each) | 0));
}

/** The first two words of SHA-256 of an ASCII text. */
export function hash(text: string): [number, number] {
  const blocks = (text.length + 72) >> 6;
  const bytes = new Uint8Array(blocks * 64);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  bytes[text.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(blocks * 64 - 4, text.length * 8);
  const state = START.slice();
  for (let block = 0; block < blocks; block++) step(state, view, block * 64);
  return [state[0]! >>> 0, state[1]! >>> 0];
}

/** The answer to a challenge; `bits` is at most 32. It takes 2^bits hashes on average, in slices. */
export async function solve({ challenge, bits }: Challenge): Promise<Proof> {
  for (let answer = 0; ; answer++) {
    if (hash(`${challenge}:${answer}`)[0] < 2 ** (32 - bits)) return { challenge, answer: String(answer) };
    if (answer % SLICE === 0) await new Promise((resume) => setTimeout(resume));
  }
}
