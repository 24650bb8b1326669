/** Send a file and tell how far it is: fetch cannot, XMLHttpRequest can. */
import { currentLanguage } from "@/lib/i18n";
import { csrfToken, newIdempotencyKey, noteSignedOut, problemOf } from "./http";
import { Unreachable } from "./problem";

/**
 * `onProgress` gets the share sent, 0 to 1.
 *
 * Throws ApiProblem for a refusal, Unreachable for silence, and an AbortError after `signal`.
 */
export function uploadFile<T>(
  path: string,
  file: File,
  { onProgress, signal }: { onProgress: (share: number) => void; signal: AbortSignal },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("Accept", "application/json, application/problem+json");
    request.setRequestHeader("Accept-Language", currentLanguage() === "zh" ? "zh-hans" : "en");
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("Idempotency-Key", newIdempotencyKey());
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onerror = () => reject(new Unreachable("The server did not answer."));
    request.onabort = () => reject(new DOMException("The upload was given up.", "AbortError"));
    request.onload = () => {
      const { status, responseText } = request;
      if (status === 401) noteSignedOut();
      if (status >= 200 && status < 300) {
        resolve(JSON.parse(responseText) as T);
        return;
      }
      const headers = { "Content-Type": request.getResponseHeader("Content-Type") ?? "" };
      void problemOf(new Response(responseText, { status, headers })).then(reject);
    };
    signal.addEventListener("abort", () => request.abort());
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
}
