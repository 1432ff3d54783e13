// The operator's page: the fleet at a glance.
export const operatorPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Charging network</title>
<link rel="icon" href="/app/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/app/operator.css">
<script type="module" src="/app/operator.js"></script>
</head>
<body>
<header>
  <h1>Charging network</h1>
  <p id="summary" role="status">Loading…</p>
</header>
<p id="notice" role="alert" hidden></p>
<main>
  <table>
    <caption class="visually-hidden">Charge points and what they are doing</caption>
    <thead>
      <tr>
        <th scope="col">Charge point</th>
        <th scope="col">Status</th>
        <th scope="col">Engine</th>
        <th scope="col" class="figure">kW</th>
        <th scope="col" class="figure">kWh</th>
        <th scope="col" class="figure">€</th>
        <th scope="col">Driver</th>
        <th scope="col">Monitor heard</th>
      </tr>
    </thead>
    <tbody id="charge-points"></tbody>
  </table>
</main>
</body>
</html>
`;

export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#127a3c"/><path d="M18 4 8 18h6l-2 10 12-15h-7z" fill="#fff"/>
</svg>
`;
