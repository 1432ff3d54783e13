// A line of bytes to a charger: a serial port, or anything that behaves like one. The only importer of serialport.
import { SerialPort } from "serialport";

export interface LineEvents {
  opened(): void;
  bytes(chunk: Uint8Array): void;
  /** It could not be opened, or closed by itself. The last event; `close` need not be called. */
  closed(reason: string): void;
}

/** One opened or opening line; it is never reopened, a new one is made instead. */
export interface Line {
  /** Best effort: a line that is not open swallows it, as a cable does. */
  write(bytes: Uint8Array): void;
  /** No event follows. Resolves when the line is free for the next one. */
  close(): Promise<void>;
}

/** Begins to open; no event comes before this call has returned. */
export type OpenLine = (events: LineEvents) => Line;

const closeLimitMs = 2_000;

/** A serial port at 115200 8N1, raw, no flow control. The path is looked up anew at each opening. */
export function serialLine(path: string): OpenLine {
  return (events) => {
    let ended = false;
    const end = (reason: string) => {
      if (ended) return;
      ended = true;
      events.closed(reason);
    };
    const port = new SerialPort({
      path,
      baudRate: 115_200,
      dataBits: 8,
      stopBits: 1,
      parity: "none",
      rtscts: false,
      xon: false,
      xoff: false,
      // A refused lock leaks a file descriptor in the bindings; we try again every second.
      lock: false,
      // Dropping DTR resets many a board: reading a charger must not restart it.
      hupcl: false,
      autoOpen: false,
    });
    port.on("data", (chunk: Uint8Array) => {
      if (!ended) events.bytes(chunk);
    });
    port.on("error", (error: Error) => end(error.message));
    port.on("close", (error?: Error | null) => end(error?.message ?? "closed"));
    port.open((error) => {
      if (error) return end(error.message);
      if (ended) return port.close();
      events.opened();
    });
    return {
      write(bytes) {
        if (!ended && port.isOpen) port.write(Buffer.from(bytes));
      },
      close() {
        ended = true;
        return closePort(port);
      },
    };
  };
}

/** A driver of the kernel may hold a close back until its output has drained: that long nobody waits. */
function closePort(port: SerialPort): Promise<void> {
  if (!port.isOpen) return Promise.resolve();
  return new Promise((resolve) => {
    const limit = setTimeout(resolve, closeLimitMs);
    port.close(() => {
      clearTimeout(limit);
      resolve();
    });
  });
}
