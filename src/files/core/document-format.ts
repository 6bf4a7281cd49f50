import mime from "mime";

/** What `POST /core/upload` takes (workflow-files). */
export const EXTENSIONS = ["pdf", "docx", "doc", "txt", "xlsx", "xls", "pptx", "ppt"] as const;
export type Extension = (typeof EXTENSIONS)[number];

/** How files begin: PDF within its first KiB, the older office formats are OLE containers, the newer ones zip archives. */
const PDF_MARK = "%PDF-";
const PDF_SEARCH_BYTES = 1024;
const OLE_MARK = "\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1";
const ZIP_MARK = "PK\u0003\u0004";
/** Bytes of a text that are looked at: one of another format shows early. */
const TEXT_SAMPLE_BYTES = 65_536;

function beginsWith(bytes: Uint8Array, mark: string): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(0, mark.length)) === mark;
}

/** Text has no NUL; its encoding is its author's. */
function isText(bytes: Uint8Array): boolean {
  return !bytes.subarray(0, TEXT_SAMPLE_BYTES).includes(0) || beginsWith(bytes, "\u00ff\u00fe");
}

/** Whether a document's bytes are what its extension says, as far as their beginning tells. */
export function looksLike(extension: Extension, bytes: Uint8Array): boolean {
  switch (extension) {
    case "pdf":
      return new TextDecoder("latin1").decode(bytes.subarray(0, PDF_SEARCH_BYTES)).includes(PDF_MARK);
    case "txt":
      return isText(bytes);
    case "doc":
    case "xls":
    case "ppt":
      return beginsWith(bytes, OLE_MARK);
    case "docx":
    case "xlsx":
    case "pptx":
      return beginsWith(bytes, ZIP_MARK);
  }
}

/** The media type of a document. */
export function mediaTypeOf(extension: Extension): string {
  return mime.getType(extension) ?? "application/octet-stream";
}
