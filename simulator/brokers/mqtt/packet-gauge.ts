// Measures MQTT control packets as their bytes pass, so that an oversized one is seen at its header and not
// after it has been gathered in memory (MQTT 3.1.1 §2.2: one type byte, then a length of up to four bytes).

/** Takes chunks of one connection; answers the size of the first packet above `maxBytes`, else undefined. */
export function packetGauge(maxBytes: number): (chunk: Uint8Array) => number | undefined {
  let body = 0;
  let length = 0;
  let digits = -1;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (body > 0) {
        const step = Math.min(body, chunk.length - at);
        body -= step;
        at += step;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (digits < 0) {
        digits = 0;
        length = 0;
        continue;
      }
      length += (byte & 0x7f) * 128 ** digits;
      digits += 1;
      // A fifth digit is malformed; the parser behind refuses it.
      if ((byte & 0x80) !== 0 && digits < 4) continue;
      const size = 1 + digits + length;
      if (size > maxBytes) return size;
      body = length;
      digits = -1;
    }
    return undefined;
  };
}
