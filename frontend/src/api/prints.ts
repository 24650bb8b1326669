/** Tell the server what is printed, before it is; its number and time stand on the sheet. */
import { http } from "./http";
import type { components } from "./schema";

export type PrintRequest = components["schemas"]["PrintSheetRequest"];
export type PrintRecord = components["schemas"]["PrintOut"];

export function recordPrint(sheet: PrintRequest): Promise<PrintRecord> {
  return http.post<PrintRecord>("/api/v1/prints", sheet);
}
