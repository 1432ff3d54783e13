// Server-Sent Events from the text of a stream (HTML standard, 9.2.6). Pure but for what it has heard so far.

export interface ServerEvent {
  id: string | undefined;
  /** "message" when the server names none. */
  type: string;
  data: string;
}

/** Takes the stream's text in pieces of any length and gives whole events (HTML standard, 9.2.6). */
export function eventReader(onEvent: (event: ServerEvent) => void): (text: string) => void {
  let rest = "";
  let id: string | undefined;
  let type = "";
  let data: string[] = [];
  const line = (text: string) => {
    if (text === "") {
      if (data.length > 0) onEvent({ id, type: type || "message", data: data.join("\n") });
      type = "";
      data = [];
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") type = value;
    else if (field === "id" && !value.includes("\0")) id = value;
  };
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const whole of lines) line(whole);
  };
}
