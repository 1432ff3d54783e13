// Who may use the phone's port: programs and pages of this machine, not a page from elsewhere that happens to be
// open in the same browser. Pure.

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Why a request is refused; undefined when it may pass. The Host must name this machine (a rebound DNS name does
 * not), and a browser's Origin must be the very page that this port serves.
 */
export function refusalOf(
  headers: { host?: string | undefined; origin?: string | undefined },
  ownHost: string,
): string | undefined {
  const host = headers.host ?? "";
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (!loopbackNames.includes(name) && name !== ownHost.toLowerCase())
    return "this phone answers only to its own machine's name (Host)";
  if (headers.origin !== undefined && headers.origin.toLowerCase() !== `http://${host.toLowerCase()}`)
    return "a page from elsewhere may not use this phone (Origin)";
  return undefined;
}
