// How the operator's page looks, by day and by night.
export const operatorStyle = `
:root {
  --ground: #f6f7f9; --card: #fff; --ink: #16202b; --faint: #5b6875; --line: #dfe4ea;
  --on: #127a3c; --broken: #c22121; --disconnected: #16202b; --notice: #fff1cc; --notice-ink: #5c4300;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10151b; --card: #19212a; --ink: #e7edf3; --faint: #94a3b3; --line: #2b3642;
    --on: #4fd083; --broken: #ff7d74; --disconnected: #e7edf3; --notice: #453400; --notice-ink: #ffe3a0;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 68rem; background: var(--ground); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1.5rem; }
h1 { margin: 0; font-size: 1.4rem; font-weight: 650; letter-spacing: -0.01em; }
#summary { margin: 0; color: var(--faint); font-variant-numeric: tabular-nums; }
#notice { margin: 1rem 0 0; padding: 0.6rem 0.9rem; border-radius: 0.5rem; background: var(--notice); color: var(--notice-ink); }
main { margin-top: 1.2rem; overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.55rem 0.9rem; text-align: left; white-space: nowrap; }
thead th { color: var(--faint); font-size: 0.8rem; font-weight: 550; }
tbody tr { border-top: 1px solid var(--line); }
tbody th { font-weight: 600; }
.figure { text-align: right; }
td.quiet { color: var(--faint); }
.status { font-weight: 600; }
.status::before { display: inline-block; width: 1.3em; }
.status.on { color: var(--on); } .status.on::before { content: "●"; }
.status.broken { color: var(--broken); } .status.broken::before { content: "▲"; }
.status.disconnected { color: var(--disconnected); } .status.disconnected::before { content: "○"; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (max-width: 40rem) { body { padding: 0.75rem; } th, td { padding: 0.5rem 0.6rem; } }
`;
