// The moves of a rebalance, on a draft of the group that lives for one step.
import { type ErrorCode, errors } from "../codec/errors.ts";
import type { Group, GroupAnswer, Member, Step } from "./state.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface Draft {
  readonly nowMs: number;
  readonly group: Writable<Omit<Group, "members" | "promised">> & {
    members: Map<string, Member>;
    promised: Map<string, number>;
  };
  durable: boolean;
  answer(ticket: number, answer: GroupAnswer): void;
  /** What this generation is, to one of its members. */
  answerJoin(ticket: number, memberId: string): void;
  answerJoinError(ticket: number, memberId: string, error: ErrorCode): void;
  step(): Step;
}

export function draftOf(from: Group, nowMs: number): Draft {
  const group = { ...from, members: new Map(from.members), promised: new Map(from.promised) };
  const answers: Step["answers"] = [];
  const draft: Draft = {
    nowMs,
    group,
    durable: false,
    answer: (ticket, answer) => void answers.push({ ticket, answer }),
    answerJoin(ticket, memberId) {
      const { generation, protocol, leader } = group;
      const members =
        memberId === leader
          ? [...group.members.values()].map((member) => ({
              id: member.id,
              metadata: metadataOf(member, protocol),
            }))
          : [];
      draft.answer(ticket, {
        is: "join",
        error: errors.none,
        generation,
        protocol,
        leader,
        memberId,
        members,
      });
    },
    answerJoinError: (ticket, memberId, error) =>
      draft.answer(ticket, {
        is: "join",
        error,
        generation: -1,
        protocol: "",
        leader: "",
        memberId,
        members: [],
      }),
    step: () => ({ group, answers, durable: draft.durable }),
  };
  return draft;
}

/** A rebalance begins: everybody has to join again within the longest time that a member asked for. */
export function beginJoining(draft: Draft): void {
  const { group, nowMs } = draft;
  for (const member of group.members.values()) {
    if (member.waiting === null) continue;
    draft.answer(member.waiting, {
      is: "sync",
      error: errors.rebalanceInProgress,
      assignment: Buffer.alloc(0),
    });
    group.members.set(member.id, { ...member, waiting: null, deadlineMs: nowMs + member.sessionMs });
  }
  group.phase = "joining";
  group.phaseDeadlineMs = nowMs + longestRebalanceMs(group.members);
}

/** Goes on to the next generation when nobody is missing any more. */
export function updateJoining(draft: Draft): void {
  const { group } = draft;
  if (group.phase !== "joining" || group.promised.size > 0) return;
  for (const member of group.members.values()) if (member.waiting === null) return;
  finishJoining(draft);
}

/** The next generation, of those who have joined. */
export function finishJoining(draft: Draft): void {
  const { group, nowMs } = draft;
  for (const member of group.members.values()) if (member.waiting === null) group.members.delete(member.id);
  group.generation += 1;
  draft.durable = true;
  if (group.members.size === 0) return becomeEmpty(draft);
  group.phase = "syncing";
  group.phaseDeadlineMs = nowMs + longestRebalanceMs(group.members);
  group.protocol = chosenProtocol([...group.members.values()]);
  const first = group.members.keys().next().value ?? "";
  if (!group.members.has(group.leader)) group.leader = first;
  for (const member of group.members.values()) {
    if (member.waiting !== null) draft.answerJoin(member.waiting, member.id);
    group.members.set(member.id, { ...member, waiting: null, deadlineMs: nowMs + member.sessionMs });
  }
}

/** Takes a member out; the others rebalance. */
export function removeMember(draft: Draft, memberId: string): void {
  const { group } = draft;
  const member = group.members.get(memberId);
  if (!member) return;
  if (member.waiting !== null) {
    if (group.phase === "joining") draft.answerJoinError(member.waiting, memberId, errors.unknownMemberId);
    else
      draft.answer(member.waiting, {
        is: "sync",
        error: errors.unknownMemberId,
        assignment: Buffer.alloc(0),
      });
  }
  group.members.delete(memberId);
  draft.durable = true;
  if (group.phase === "joining") return updateJoining(draft);
  beginJoining(draft);
  updateJoining(draft);
}

function becomeEmpty(draft: Draft): void {
  Object.assign(draft.group, {
    phase: "empty",
    protocolType: "",
    protocol: "",
    leader: "",
    phaseDeadlineMs: Number.POSITIVE_INFINITY,
  });
}

/** Of those that all support, the one that most members like best. */
function chosenProtocol(members: readonly Member[]): string {
  const votes = new Map<string, number>();
  for (const { protocols } of members) {
    const liked = protocols.find(({ name }) =>
      members.every((other) => other.protocols.some((protocol) => protocol.name === name)),
    );
    if (liked) votes.set(liked.name, (votes.get(liked.name) ?? 0) + 1);
  }
  return [...votes].reduce((best, vote) => (vote[1] > best[1] ? vote : best), ["", 0])[0];
}

function metadataOf(member: Member, protocol: string): Buffer {
  return member.protocols.find(({ name }) => name === protocol)?.metadata ?? Buffer.alloc(0);
}

/** The longest time that a member asked to be waited for. */
export function longestRebalanceMs(members: ReadonlyMap<string, Member>): number {
  return Math.max(0, ...[...members.values()].map((member) => member.rebalanceMs));
}
