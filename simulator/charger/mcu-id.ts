// The serial number of a simulated box, its own and always the same.
import { drawWhole, seedOf } from "./chance.ts";

/** Ten bytes as the real ones are: not ASCII, yet nothing that would end or start a frame. */
export function mcuIdOf(id: string): string {
  let seed = seedOf(id);
  let bytes = "JR\u00e1\t\u0017\u00bc";
  while (bytes.length < 10) {
    const drawn = drawWhole(seed, 0, 255);
    seed = drawn.seed;
    bytes += String.fromCharCode(drawn.value);
  }
  return bytes;
}
