// What the operator's page does: asks for the fleet every 2 s and shows it. Data enters as text only.
export const operatorScript = `
const everyMs = 2000;
const words = { ON: "On", BROKEN: "Broken", DISCONNECTED: "Disconnected" };
const body = document.getElementById("charge-points");
const summary = document.getElementById("summary");
const notice = document.getElementById("notice");
const rows = new Map();
let etag = null;

// The token comes in the link's fragment, which no server sees; it stays in this tab.
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  sessionStorage.setItem("token", given);
  history.replaceState(null, "", location.pathname);
}

function rowOf(id) {
  const known = rows.get(id);
  if (known) return known;
  const row = document.createElement("tr");
  const cells = {};
  for (const name of ["cp", "status", "engine", "kw", "kwh", "euros", "driver", "heard"]) {
    const cell = document.createElement(name === "cp" ? "th" : "td");
    if (name === "cp") cell.scope = "row";
    if (["kw", "kwh", "euros"].includes(name)) cell.className = "figure";
    row.append(cell);
    cells[name] = cell;
  }
  cells.cp.textContent = id;
  cells.engine.className = "quiet";
  cells.heard.className = "quiet";
  const made = { row, cells };
  rows.set(id, made);
  return made;
}

function say(cell, text) {
  if (cell.textContent !== text) cell.textContent = text;
}

const number = (value, digits) =>
  value.toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const time = (iso) => (iso ? new Date(iso).toLocaleTimeString() : "never");

function show(fleet) {
  const there = new Set();
  for (const cp of fleet.charging_points) {
    there.add(cp.cp_id);
    const { row, cells } = rowOf(cp.cp_id);
    say(cells.status, words[cp.state] ?? cp.state);
    cells.status.className = "status " + (cp.state in words ? cp.state.toLowerCase() : "");
    say(cells.engine, cp.engine_state);
    say(cells.kw, cp.telemetry && cp.telemetry.kw !== null ? number(cp.telemetry.kw, 1) : "–");
    say(cells.kwh, cp.telemetry ? number(cp.telemetry.kwh, 3) : "–");
    say(cells.euros, cp.telemetry ? number(cp.telemetry.euros, 2) : "–");
    say(cells.driver, cp.current_driver ?? "–");
    say(cells.heard, time(cp.monitor_last_seen));
    if (body.children[there.size - 1] !== row) body.insertBefore(row, body.children[there.size - 1] ?? null);
  }
  for (const [id, { row }] of rows) if (!there.has(id)) { row.remove(); rows.delete(id); }
  const count = (state) => fleet.charging_points.filter((cp) => cp.state === state).length;
  const kw = fleet.charging_points.reduce((sum, cp) => sum + (cp.telemetry?.kw ?? 0), 0);
  say(summary, there.size + " charge points · " + count("ON") + " on · " + count("BROKEN") + " broken · " +
    count("DISCONNECTED") + " disconnected · " + fleet.active_requests + " active requests · " + number(kw, 1) + " kW");
  warn(fleet.feed.stale_since ? "No news from the charge points since " + time(fleet.feed.stale_since) +
    ": what is shown is the last that was heard. Running sessions go on." : "");
}

function warn(text) {
  say(notice, text);
  notice.hidden = text === "";
}

async function look() {
  try {
    const token = sessionStorage.getItem("token");
    const headers = { ...(token && { authorization: "Bearer " + token }), ...(etag && { "if-none-match": etag }) };
    const response = await fetch("/cp", { headers, cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (response.status === 401) {
      sessionStorage.removeItem("token");
      etag = null;
      return warn("This link's token is no longer valid: open the link that the start printed.");
    }
    if (response.status === 304) return;
    if (!response.ok) return warn("Central answers with an error (" + response.status + ").");
    etag = response.headers.get("etag");
    show(await response.json());
  } catch {
    warn("Central cannot be reached. Running sessions go on without it.");
    etag = null;
  }
}

async function keepLooking() {
  for (;;) {
    if (!document.hidden) await look();
    await new Promise((done) => setTimeout(done, everyMs));
  }
}
keepLooking();
`;
