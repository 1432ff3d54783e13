// One dead letter with its bytes: replayed, repaired and replayed, or given up.

import { useId, useState } from "preact/hooks";
import { nowMs } from "../kit/clock.ts";
import { whenText } from "../kit/format.ts";
import { hrefOf } from "../kit/hash-route.ts";
import { addressOf, orderOf } from "../kit/http.ts";
import { useLive } from "../kit/live.ts";
import { Notice } from "../kit/notice.tsx";
import type { LetterWithBytes } from "./api-types.ts";
import { AskDialog } from "./ask-dialog.tsx";
import { BackLink } from "./back-link.tsx";
import { FactList } from "./fact-list.tsx";
import { give } from "./orders.ts";
import { indented } from "./payload.rules.ts";
import { texts } from "./texts.ts";

export function LetterView({ id }: { id: string }) {
  const live = useLive(addressOf("/dead-letters/:letter_ref", { param: { letter_ref: id } }), 5_000);
  const letter = live?.data.value;
  const words = texts.letters;
  if (!letter)
    return (
      <>
        <BackLink href="#/dead-letters" word={words.back} />
        <p class="card panel" role="status">
          {live?.trouble.value?.is === "refused" ? words.unknown : texts.loading}
        </p>
      </>
    );
  const { resolution } = letter;
  return (
    <>
      <BackLink href="#/dead-letters" word={words.back} />
      <header class="view-head">
        <div>
          <h1>{letter.reason}</h1>
          <p class="faint mono">{letter.event ?? letter.id}</p>
        </div>
        {resolution ? null : <Resolve letter={letter} />}
      </header>
      {resolution ? (
        <Notice tone="done">
          {words.resolved(resolution.how, resolution.by)}
          {resolution.reason === null ? "" : `: ${resolution.reason}`}{" "}
          <span class="faint">{whenText(resolution.at, nowMs.value)}</span>
        </Notice>
      ) : letter.replay_refused === null ? null : (
        <Notice tone="info">
          {words.cannot} {letter.replay_refused}
        </Notice>
      )}
      <section class="card panel">
        <FactList
          facts={[
            [words.where, words.wheres[letter.where]],
            [
              words.topic,
              <span key="topic" class="mono">
                {letter.topic}
              </span>,
            ],
            [
              words.cp,
              letter.cp_id === null ? (
                texts.unknown
              ) : (
                <a key="cp" href={hrefOf(["cp", letter.cp_id])}>
                  {letter.cp_id}
                </a>
              ),
            ],
            [words.at, whenText(letter.at, nowMs.value)],
            [words.event, letter.replays > 0 ? words.replays(letter.replays) : null],
          ]}
        />
      </section>
      <section class="card panel stack">
        <h2>{words.bytes}</h2>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keyboard too */}
        <pre class="payload" tabIndex={0}>
          {indented(letter.payload_text)}
        </pre>
      </section>
    </>
  );
}

function Resolve({ letter }: { letter: LetterWithBytes }) {
  const [asked, setAsked] = useState<"replay" | "dismiss" | undefined>(undefined);
  const words = texts.letters;
  const param = { letter_ref: letter.ref };
  const about = { about: letter.cp_id ?? "", cp: letter.cp_id ?? undefined };
  const replay = (reason: string | undefined, repaired: string | undefined) => {
    const call = orderOf("POST", "/dead-letters/:letter_ref/replay", {
      param,
      json: { reason: reason ?? "", repaired },
    });
    void give({ ...about, type: "replay-letter", call });
  };
  const dismiss = (reason: string) => {
    const call = orderOf("POST", "/dead-letters/:letter_ref/dismiss", { param, json: { reason } });
    void give({ ...about, type: "dismiss-letter", call });
  };
  return (
    <div class="acts">
      {letter.cp_id === null ? null : (
        <button type="button" class="button-main" onClick={() => setAsked("replay")}>
          {words.replay}
        </button>
      )}
      <button type="button" class="button-danger" onClick={() => setAsked("dismiss")}>
        {words.dismiss}
      </button>
      {asked === "replay" ? (
        <AskReplay letter={letter} onClose={() => setAsked(undefined)} onAct={replay} />
      ) : asked === "dismiss" ? (
        <AskDialog
          {...words.askDismiss}
          danger
          reason="required"
          onClose={() => setAsked(undefined)}
          onAct={(reason) => dismiss(reason ?? "")}
        />
      ) : null}
    </div>
  );
}

interface AskReplayProps {
  letter: LetterWithBytes;
  onClose(): void;
  onAct(reason: string | undefined, repaired: string | undefined): void;
}

/** With its own bytes where they can be used, else, or when it is chosen, with repaired ones. */
function AskReplay({ letter, onClose, onAct }: AskReplayProps) {
  const mustRepair = letter.replay_refused !== null;
  const [repairs, setRepairs] = useState(mustRepair);
  const [text, setText] = useState(indented(letter.payload_text));
  const id = useId();
  const { askReplay: words } = texts.letters;
  return (
    <AskDialog
      title={words.title}
      text={mustRepair ? words.repairedText : words.text}
      act={words.act}
      reason="required"
      onClose={onClose}
      onAct={(reason) => onAct(reason, repairs ? text : undefined)}
    >
      {mustRepair ? null : (
        <label class="row">
          <input
            type="checkbox"
            checked={repairs}
            onChange={(event) => setRepairs(event.currentTarget.checked)}
          />
          {words.repair}
        </label>
      )}
      {repairs ? (
        <div class="field">
          <label for={id}>{words.repaired}</label>
          <textarea
            id={id}
            class="mono"
            rows={10}
            spellcheck={false}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </div>
      ) : null}
    </AskDialog>
  );
}
