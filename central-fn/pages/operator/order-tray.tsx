// The commands of this page and what became of them, in a corner of every view.
import { useEffect } from "preact/hooks";
import { Icon } from "../kit/icons.tsx";
import { Steps } from "../kit/steps.tsx";
import { dismissOrder, followAgain, giveAgain, type Order, orders } from "./orders.ts";
import { texts } from "./texts.ts";

const shownAtMost = 4;
const appliedForMs = 8_000;

export function OrderTray() {
  const shown = orders.value.filter(({ dismissed }) => !dismissed).slice(0, shownAtMost);
  if (shown.length === 0) return null;
  return (
    <section class="tray" aria-label={texts.orders.region}>
      {shown.map((order) => (
        <OrderCard key={order.key} order={order} />
      ))}
    </section>
  );
}

function OrderCard({ order }: { order: Order }) {
  const { key, state } = order;
  useEffect(() => {
    if (state !== "applied") return;
    const timer = setTimeout(() => dismissOrder(key), appliedForMs);
    return () => clearTimeout(timer);
  }, [key, state]);
  return (
    <article class={`card tray-card tray-${state}`}>
      <header>
        <h3>
          {texts.orders.names[order.type] ?? order.type} <span class="faint">{order.about}</span>
        </h3>
        <button
          type="button"
          class="button-quiet button-icon button-small"
          aria-label={texts.orders.dismiss}
          onClick={() => dismissOrder(key)}
        >
          <Icon name="close" size={16} />
        </button>
      </header>
      <OrderState order={order} />
    </article>
  );
}

export function OrderState({ order }: { order: Order }) {
  const { state, reason, reached, unfollowed } = order;
  if (state === "sending") return <p class="faint">{texts.orders.sending}</p>;
  if (state === "unsent")
    return (
      <p class="row">
        <span class="complaint">{texts.orders.unsent}</span>
        <button type="button" class="button-small" onClick={() => giveAgain(order)}>
          {texts.orders.again}
        </button>
      </p>
    );
  return (
    <>
      <Steps state={state} words={texts.orders.steps} />
      {reason ? <p class="complaint">{reason}</p> : null}
      {reached === undefined ? null : <p class="faint">{texts.orders.everywhere(reached)}</p>}
      {unfollowed !== undefined ? (
        <p class="row">
          <span class="complaint">{texts.orders.unfollowed(unfollowed)}</span>
          <button type="button" class="button-small" onClick={() => followAgain(order)}>
            {texts.orders.lookAgain}
          </button>
        </p>
      ) : state === "sent" ? (
        <p class="faint">{texts.orders.toDevice}</p>
      ) : null}
    </>
  );
}
