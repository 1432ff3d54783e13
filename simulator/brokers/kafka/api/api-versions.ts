// ApiVersions: what this broker speaks. Version 3 is flexible (compact arrays, tag bytes) under an old response header.
import { errors } from "../codec/errors.ts";
import type { Api, Body } from "./api.ts";

export const apiVersionsKey = 18;
const most = 3;

/** The API table names itself, so it is handed in. */
export function apiVersions(all: () => readonly Api[]): Api {
  return {
    key: apiVersionsKey,
    name: "ApiVersions",
    least: 0,
    most,
    handle:
      (_reader, { version }): Body =>
      (writer) => {
        // A client that is too new gets the oldest form, from which it learns what to ask again.
        writer.int16(version > most ? errors.unsupportedVersion : errors.none);
        if (version === 3) {
          writer.uvarint(all().length + 1);
          for (const api of all()) writer.int16(api.key).int16(0).int16(api.most).uvarint(0);
          writer.int32(0).uvarint(0);
          return;
        }
        writer.array(all(), (api) => writer.int16(api.key).int16(0).int16(api.most));
        if (version === 1 || version === 2) writer.int32(0);
      },
  };
}
