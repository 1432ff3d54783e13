// The service worker: keeps the app's own files, so that it opens without a connection and says so itself. It never
// touches what is asked of the phone or the network: an answer that is kept would look like a fresh one.
//
// 1. Files that carry their content's hash come from the store; the page itself from the phone while it answers.
// 2. A new release brings a new list of files, thus a new worker; its store replaces the old one when it is complete.

/** Addresses of the page's files, set when the page is made. */
declare const pageFiles: readonly string[];

interface Lasting extends Event {
  waitUntil(what: Promise<unknown>): void;
}
interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker {
  addEventListener(type: "install" | "activate", listener: (event: Lasting) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}
declare const self: unknown;
const worker = self as Worker;

const storeName = `app ${pageFiles.join(" ")}`;

worker.addEventListener("install", (event) => {
  event.waitUntil(fill().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(dropOthers().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (pathname === "/") event.respondWith(fromPhone(request));
  else if (pageFiles.includes(pathname)) event.respondWith(fromStore(request));
});

async function fill(): Promise<void> {
  const store = await caches.open(storeName);
  await store.addAll(pageFiles.map((path) => new Request(path, { cache: "reload" })));
}

async function dropOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== storeName).map((name) => caches.delete(name)));
}

async function fromStore(request: Request): Promise<Response> {
  return (await caches.match(request.url)) ?? fetch(request);
}

async function fromPhone(request: Request): Promise<Response> {
  try {
    const answer = await fetch(request);
    if (answer.ok) return answer;
    return (await caches.match("/")) ?? answer;
  } catch (error) {
    const kept = await caches.match("/");
    if (kept) return kept;
    throw error;
  }
}
