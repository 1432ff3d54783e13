// What an operator can do about a charge point: each command asks first, and says afterwards what became of it.

import { useId, useState } from "preact/hooks";
import { orderOf } from "../kit/http.ts";
import type { ChargePointDetail } from "./api-types.ts";
import { AskDialog } from "./ask-dialog.tsx";
import { give, type Wish } from "./orders.ts";
import { texts } from "./texts.ts";

type Act = "stop" | "resume" | "stopSession" | "price" | "retire" | "reinstate";

export function CpActs({ point }: { point: ChargePointDetail }) {
  const [asked, setAsked] = useState<Act | undefined>(undefined);
  const acts: readonly Act[] = point.retired
    ? ["reinstate"]
    : [
        ...(point.session && point.session.claim !== "finishing" ? (["stopSession"] as const) : []),
        // Resuming is also the word that a quarantine is over.
        ...(point.in_service && !point.needs_attention ? (["stop"] as const) : (["resume"] as const)),
        "price",
        "retire",
      ];
  return (
    <div class="acts">
      {acts.map((act) => (
        <button
          key={act}
          type="button"
          class={act === "resume" ? "button-main" : act === "retire" ? "button-danger" : ""}
          onClick={() => setAsked(act)}
        >
          {texts.cp.acts[act]}
        </button>
      ))}
      {asked === undefined ? null : <Asked act={asked} point={point} onClose={() => setAsked(undefined)} />}
    </div>
  );
}

function Asked({ act, point, onClose }: { act: Act; point: ChargePointDetail; onClose(): void }) {
  const id = point.cp_id;
  if (act === "price") return <AskPrice point={point} onClose={onClose} />;
  const {
    title,
    text,
    act: word,
  } = {
    stop: texts.ask.stopCp,
    resume: texts.ask.resumeCp,
    stopSession: texts.ask.stopSession,
    retire: texts.ask.retire,
    reinstate: texts.ask.reinstate,
  }[act];
  return (
    <AskDialog
      title={title(id)}
      text={text}
      act={word}
      danger={act === "stop" || act === "retire" || act === "stopSession"}
      reason={act === "retire" || act === "reinstate" ? "required" : "optional"}
      onClose={onClose}
      onAct={(reason) => void give(wishOf(act, point, reason))}
    />
  );
}

function wishOf(act: Exclude<Act, "price">, point: ChargePointDetail, reason: string | undefined): Wish {
  const cp = point.cp_id;
  const common = { cp, about: cp };
  const param = { cp_id: cp };
  const may = { param, json: { reason } };
  const must = { param, json: { reason: reason ?? "" } };
  switch (act) {
    case "stop":
      return { ...common, type: "stop-cp", call: orderOf("POST", "/cp/:cp_id/stop", may) };
    case "resume":
      return { ...common, type: "resume-cp", call: orderOf("POST", "/cp/:cp_id/resume", may) };
    case "retire":
      return { ...common, type: "retire-cp", call: orderOf("POST", "/cp/:cp_id/retire", must) };
    case "reinstate":
      return { ...common, type: "reinstate-cp", call: orderOf("POST", "/cp/:cp_id/reinstate", must) };
    case "stopSession":
      return {
        ...common,
        type: "stop-session",
        call: orderOf("POST", "/sessions/:session_id/stop", {
          param: { session_id: point.session?.session_id ?? "" },
          json: { reason },
        }),
      };
  }
}

function AskPrice({ point, onClose }: { point: ChargePointDetail; onClose(): void }) {
  const [text, setText] = useState(String(point.price_eur_per_kwh ?? ""));
  const id = useId();
  const price = Number(text.trim().replace(",", "."));
  const isPrice = /^\d{1,3}([.,]\d{1,5})?$/.test(text.trim()) && price <= 100;
  const { title, text: says, field, wrong, act } = texts.ask.price;
  return (
    <AskDialog
      title={title(point.cp_id)}
      text={says}
      act={act}
      reason="required"
      wrong={isPrice ? undefined : wrong}
      onClose={onClose}
      onAct={(reason) =>
        void give({
          type: "tariff",
          cp: point.cp_id,
          about: point.cp_id,
          call: orderOf("POST", "/cp/:cp_id/tariff", {
            param: { cp_id: point.cp_id },
            json: { price_eur_per_kwh: price, reason: reason ?? "" },
          }),
        })
      }
    >
      <div class="field">
        <label for={id}>{field}</label>
        <input
          id={id}
          inputMode="decimal"
          autocomplete="off"
          value={text}
          aria-invalid={!isPrice}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
    </AskDialog>
  );
}
