// The phone's page as three strings (page, script, style): no inline code, every value set as text.

/** `driver` is an id (letters, digits, hyphen), so it needs no escaping. */
export function phonePage(driver: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${driver}</title>
<link rel="stylesheet" href="/phone.css">
<script type="module" src="/phone.js"></script>
</head>
<body data-driver="${driver}">
<header><h1>${driver}</h1><p id="line" role="status">connecting …</p></header>
<main>
<section><h2>My session</h2><div id="session" class="card">none</div><button id="stop" hidden>Stop charging</button></section>
<section><h2>Charging points</h2><ul id="points"></ul></section>
<section><h2>Messages</h2><ul id="messages"></ul></section>
<section><h2>History</h2><ul id="history"></ul></section>
</main>
</body>
</html>
`;
}

export const phoneScript = `const driver = document.body.dataset.driver;
const at = (id) => document.getElementById(id);
let current = null;

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body ? { "content-type": "application/json", "idempotency-key": crypto.randomUUID() } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const text = await response.text();
  const value = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Error(value?.detail ?? value?.title ?? "status " + response.status);
  return value;
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function bill(session) {
  return (session.energy_kwh ?? 0).toFixed(3) + " kWh, € " + (session.cost_eur ?? 0).toFixed(2);
}

function showPoints(points) {
  at("points").replaceChildren(...points.map((point) => {
    const item = element("li", "card " + point.status.toLowerCase(), "");
    const text = element("div", "grow", "");
    text.append(
      element("strong", "", point.cp_id + "  " + point.name),
      element("span", "small", point.power_kw + " kW " + point.connector_type + ", € " + Number(point.price_eur_per_kwh).toFixed(2) + "/kWh"),
      element("span", "small", [point.location?.address, point.location?.city].filter(Boolean).join(", ")),
    );
    const side = element("div", "side", "");
    side.append(element("span", "status", point.status));
    const button = element("button", "", "Charge");
    button.disabled = point.status !== "FREE" || current !== null;
    button.addEventListener("click", () => act(() =>
      call("POST", "/drivers/" + driver + "/requests", { cp_id: point.cp_id, vehicle_id: "VEH-PHONE" })));
    side.append(button);
    item.append(text, side);
    return item;
  }));
}

function showSession(session) {
  current = session;
  at("stop").hidden = session?.status !== "CHARGING";
  at("session").textContent = session ? session.status + " at " + session.cp_id + ", " + bill(session) : "none";
}

function showList(id, lines) {
  at(id).replaceChildren(...lines.map((line) => element("li", "small", line)));
}

async function act(action) {
  try {
    await action();
    await refresh();
  } catch (error) {
    at("line").textContent = error.message;
  }
}

at("stop").addEventListener("click", () => act(() =>
  call("POST", "/drivers/" + driver + "/sessions/" + current.session_id + "/stop")));

async function refresh() {
  const [session, points, messages, history] = await Promise.all([
    call("GET", "/drivers/" + driver + "/sessions/current"),
    call("GET", "/charging-points"),
    call("GET", "/drivers/" + driver + "/notifications"),
    call("GET", "/drivers/" + driver + "/sessions/history"),
  ]);
  showSession(session);
  showPoints(points);
  showList("messages", messages.slice(-8).reverse().map((one) => one.message));
  showList("history", history.slice(0, 8).map((one) => one.status + " " + one.cp_id + ", " + bill(one)));
  at("line").textContent = "connected";
}

for (;;) {
  try {
    if (!document.hidden) await refresh();
  } catch (error) {
    at("line").textContent = error.message;
  }
  await new Promise((resolve) => setTimeout(resolve, 2000));
}
`;

export const phoneStyle = `:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { margin: 0 auto; max-width: 26rem; padding: 0.5rem 1rem 2rem; }
header { display: flex; align-items: baseline; justify-content: space-between; }
h1 { font-size: 1.2rem; }
h2 { font-size: 1rem; margin: 1rem 0 0.4rem; }
ul { list-style: none; margin: 0; padding: 0; }
.card { display: flex; gap: 0.5rem; border: 1px solid #8884; border-radius: 0.75rem; padding: 0.6rem 0.8rem; margin: 0.3rem 0; }
.grow { flex: 1; }
.grow strong, .grow span { display: block; }
.small { font-size: 0.85rem; opacity: 0.85; }
.side { display: flex; flex-direction: column; align-items: end; gap: 0.3rem; }
.free .status { color: #16803c; }
.occupied .status { color: #a15c00; }
.offline .status { color: #6b7280; }
button { font: inherit; border: 0; border-radius: 0.6rem; padding: 0.35rem 0.8rem; background: #1d4ed8; color: #fff; }
button:disabled { background: #8886; }
`;
