import { ApiError, type Api } from "./api";
import type { FileInfo } from "./types";

const PIECE_BYTES = 512 * 1024;
const TRIES = 5;

/**
 * Uploads a file in pieces and gives what the server found it to be; its id goes into `body.files` of a message.
 *
 * A piece that was cut off is sent again from where the server is. `progress` hears of the part that is there, 0 to 1.
 * Throws ApiError: what the server refuses, or that it stayed unreachable; an upload that was given up costs nothing.
 */
export async function upload(api: Api, file: File, progress: (part: number) => void, signal?: AbortSignal): Promise<FileInfo> {
  let made = await api.post<FileInfo>("/v1/files", { name: file.name || "file", size: file.size });
  let tries = 0;
  while (made.state !== "ready") {
    const { offset } = made;
    try {
      const body = file.slice(offset, offset + PIECE_BYTES);
      made = await api.request("PATCH", `/v1/files/${made.id}`, { body, headers: { "Upload-Offset": String(offset) }, timeout_ms: 120_000, ...(signal && { signal }) });
      tries = 0;
      progress(made.offset / file.size);
    } catch (error) {
      if (!(error instanceof ApiError) || signal?.aborted) throw error;
      if (error.code === "wrong_offset") made = { ...made, offset: (error.problem as unknown as { offset: number }).offset };
      else if (!error.temporary || ++tries === TRIES) throw error;
      else await new Promise((resolve) => setTimeout(resolve, 1000 * tries));
    }
  }
  return made;
}
