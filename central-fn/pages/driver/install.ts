// The app on the home screen: the browser's offer to install is kept until the driver asks for it, and the service
// worker keeps the app's own files, so that it opens without a connection.
import { signal } from "@preact/signals";

/** Chromium's event; other browsers install by their own menu. */
interface InstallOffer extends Event {
  prompt(): Promise<unknown>;
}

const offer = signal<InstallOffer | undefined>(undefined);
export const installable = {
  get value() {
    return offer.value !== undefined;
  },
};

export function install(): void {
  const kept = offer.value;
  offer.value = undefined;
  void kept?.prompt();
}

/** Call it once. */
export function becomeApp(): void {
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer.value = event as InstallOffer;
  });
  // Only where the browser trusts the address: this machine, or https.
  if ("serviceWorker" in navigator && isSecureContext) void navigator.serviceWorker.register("/sw.js");
}
