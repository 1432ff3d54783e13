// InitProducerId: a number for an idempotent producer, never given twice.
import { errors } from "../codec/errors.ts";
import type { Api } from "./api.ts";

export const initProducerId: Api = {
  key: 22,
  name: "InitProducerId",
  least: 0,
  most: 1,
  handle(reader, _call, { store }) {
    const isTransactional = reader.nullableString() !== null;
    const producerId = isTransactional ? -1 : store.nextProducerId();
    return (writer) => {
      writer.int32(0).int16(isTransactional ? errors.invalidRequest : errors.none);
      writer.int64(producerId).int16(isTransactional ? -1 : 0);
    };
  },
};
