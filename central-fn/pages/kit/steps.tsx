// A command on its way: queued → sent → applied, or refused with the reason.
import { Icon } from "./icons.tsx";

export type StepState = "queued" | "sent" | "applied" | "refused";

export interface StepWords {
  queued: string;
  sent: string;
  applied: string;
  refused: string;
}

const order = ["queued", "sent", "applied"] as const;

export function Steps({ state, words }: { state: StepState; words: StepWords }) {
  const reached = state === "refused" ? 1 : order.indexOf(state);
  const last = state === "refused" ? "refused" : "applied";
  const steps = [order[0], order[1], last] as const;
  return (
    <ol class={`steps steps-${state}`}>
      {steps.map((step, i) => {
        const now = step === state;
        const past = state !== "refused" ? i < reached : i < 2 && step !== "refused";
        return (
          <li key={step} class={now ? "now" : past ? "past" : ""} aria-current={now ? "step" : undefined}>
            <span class="step-mark">
              {step === "refused" && now ? (
                <Icon name="close" size={12} />
              ) : past || (now && step === "applied") ? (
                <Icon name="check" size={12} />
              ) : null}
            </span>
            {words[step]}
          </li>
        );
      })}
    </ol>
  );
}
