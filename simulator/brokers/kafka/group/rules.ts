// The consumer group state machine (classic protocol), pure: one input in, the next group and the answers out. It
// follows Apache Kafka's coordinator; static membership (KIP-345) is not followed, an instance id changes nothing.
import { type ErrorCode, errors } from "../codec/errors.ts";
import {
  beginJoining,
  type Draft,
  draftOf,
  finishJoining,
  longestRebalanceMs,
  removeMember,
  updateJoining,
} from "./rebalance.ts";
import type { Group, GroupInput, Member, Step } from "./state.ts";

type Of<K extends GroupInput["is"]> = Extract<GroupInput, { is: K }>;

/** Every answer that can be given now is in the step; a join or a sync without one waits for the other members. */
export function stepGroup(group: Group, input: GroupInput, nowMs: number): Step {
  const draft = draftOf(group, nowMs);
  switch (input.is) {
    case "join":
      join(draft, input);
      break;
    case "sync":
      sync(draft, input);
      break;
    case "heartbeat":
      draft.answer(input.ticket, { is: "plain", error: heartbeat(draft, input) });
      break;
    case "commit":
      draft.answer(input.ticket, { is: "plain", error: commit(draft, input) });
      break;
    case "leave":
      draft.answer(input.ticket, { is: "plain", error: leave(draft, input.memberId) });
      break;
    case "tick":
      tick(draft);
      break;
  }
  return draft.step();
}

/** When the group wants its next tick; infinite when nothing is waited for. */
export function nextDeadlineMs(group: Group): number {
  let next = group.phaseDeadlineMs;
  for (const member of group.members.values())
    if (member.waiting === null) next = Math.min(next, member.deadlineMs);
  for (const deadlineMs of group.promised.values()) next = Math.min(next, deadlineMs);
  return next;
}

function join(draft: Draft, input: Of<"join">): void {
  const { group } = draft;
  const refuse = (error: ErrorCode, memberId = input.memberId) =>
    draft.answer(input.ticket, {
      is: "join",
      error,
      generation: -1,
      protocol: "",
      leader: "",
      memberId,
      members: [],
    });
  const member = group.members.get(input.memberId);
  if (input.memberId !== "" && !member && !group.promised.has(input.memberId))
    return refuse(errors.unknownMemberId);
  if (!fits(group, input)) return refuse(errors.inconsistentGroupProtocol);
  if (input.memberId === "" && input.knowsPromises) {
    group.promised.set(input.freshId, draft.nowMs + input.sessionMs);
    return refuse(errors.memberIdRequired, input.freshId);
  }
  const isRepetition = member && sameProtocols(member, input);
  const canRejoinQuietly =
    group.phase === "syncing" || (group.phase === "stable" && input.memberId !== group.leader);
  if (isRepetition && canRejoinQuietly) {
    // The answer to its last join was lost: nothing has changed for the others.
    group.members.set(member.id, { ...member, deadlineMs: draft.nowMs + input.sessionMs });
    return draft.answerJoin(input.ticket, member.id);
  }
  const id = input.memberId === "" ? input.freshId : input.memberId;
  group.promised.delete(id);
  if (group.members.size === 0) group.protocolType = input.protocolType;
  const isFirst = group.phase !== "joining";
  if (isFirst) beginJoining(draft);
  const before = group.members.get(id);
  if (before && before.waiting !== null) draft.answerJoinError(before.waiting, id, errors.unknownMemberId);
  group.members.set(id, {
    id,
    clientId: input.clientId,
    clientHost: input.clientHost,
    sessionMs: input.sessionMs,
    rebalanceMs: input.rebalanceMs,
    protocols: input.protocols,
    assignment: before?.assignment ?? Buffer.alloc(0),
    deadlineMs: draft.nowMs + input.sessionMs,
    waiting: input.ticket,
  });
  // Measured with the newcomer: in an empty group nobody else says how long to wait.
  if (isFirst) group.phaseDeadlineMs = draft.nowMs + longestRebalanceMs(group.members);
  updateJoining(draft);
}

/** Whether the newcomer speaks of the same kind of group and shares a protocol with all others. */
function fits(group: Draft["group"], input: Of<"join">): boolean {
  if (input.protocolType === "" || input.protocols.length === 0) return false;
  const others = [...group.members.values()].filter((member) => member.id !== input.memberId);
  if (others.length === 0) return true;
  if (group.protocolType !== input.protocolType) return false;
  return input.protocols.some(({ name }) =>
    others.every((member) => member.protocols.some((protocol) => protocol.name === name)),
  );
}

function sameProtocols(member: Member, input: Of<"join">): boolean {
  return (
    member.protocols.length === input.protocols.length &&
    member.protocols.every((protocol, i) => {
      const other = input.protocols[i];
      return other?.name === protocol.name && other.metadata.equals(protocol.metadata);
    })
  );
}

function sync(draft: Draft, input: Of<"sync">): void {
  const { group } = draft;
  const answer = (error: ErrorCode, assignment: Buffer = Buffer.alloc(0)) =>
    draft.answer(input.ticket, { is: "sync", error, assignment });
  const found = heard(draft, input);
  if (typeof found === "number") return answer(found);
  switch (group.phase) {
    case "empty":
      return answer(errors.unknownMemberId);
    case "joining":
      return answer(errors.rebalanceInProgress);
    case "stable":
      return answer(errors.none, found.assignment);
    case "syncing":
      break;
  }
  if (found.waiting !== null)
    draft.answer(found.waiting, { is: "sync", error: errors.unknownMemberId, assignment: Buffer.alloc(0) });
  group.members.set(found.id, { ...found, waiting: input.ticket });
  if (found.id !== group.leader) return;
  const assigned = new Map(input.assignments.map((one) => [one.memberId, one.assignment]));
  for (const member of group.members.values()) {
    const assignment = assigned.get(member.id) ?? Buffer.alloc(0);
    if (member.waiting !== null) draft.answer(member.waiting, { is: "sync", error: errors.none, assignment });
    const deadlineMs = member.waiting === null ? member.deadlineMs : draft.nowMs + member.sessionMs;
    group.members.set(member.id, { ...member, assignment, waiting: null, deadlineMs });
  }
  group.phase = "stable";
  group.phaseDeadlineMs = Number.POSITIVE_INFINITY;
  draft.durable = true;
}

function heartbeat(draft: Draft, input: Of<"heartbeat">): ErrorCode {
  const found = heard(draft, input);
  if (typeof found === "number") return found;
  return draft.group.phase === "joining" ? errors.rebalanceInProgress : errors.none;
}

/** Whether offsets may be committed now. Outside of any generation only while nobody is a member (tools). */
function commit(draft: Draft, input: Of<"commit">): ErrorCode {
  const { group } = draft;
  if (input.generation < 0 && group.members.size === 0) return errors.none;
  const found = heard(draft, input);
  if (typeof found === "number") return found;
  return group.phase === "syncing" ? errors.rebalanceInProgress : errors.none;
}

/** The member of this generation, its session prolonged; or why it is not one. */
function heard(draft: Draft, input: { memberId: string; generation: number }): Member | ErrorCode {
  const member = draft.group.members.get(input.memberId);
  if (!member) return errors.unknownMemberId;
  if (input.generation !== draft.group.generation) return errors.illegalGeneration;
  const prolonged = { ...member, deadlineMs: draft.nowMs + member.sessionMs };
  draft.group.members.set(member.id, prolonged);
  return prolonged;
}

function leave(draft: Draft, memberId: string): ErrorCode {
  const { group } = draft;
  if (group.promised.delete(memberId)) {
    updateJoining(draft);
    return errors.none;
  }
  if (!group.members.has(memberId)) return errors.unknownMemberId;
  removeMember(draft, memberId);
  return errors.none;
}

function tick(draft: Draft): void {
  const { group, nowMs } = draft;
  for (const [id, deadlineMs] of group.promised) if (deadlineMs <= nowMs) group.promised.delete(id);
  for (const member of [...group.members.values()])
    if (member.waiting === null && member.deadlineMs <= nowMs) removeMember(draft, member.id);
  if (group.phase === "joining" && group.phaseDeadlineMs <= nowMs) finishJoining(draft);
  else if (group.phase === "syncing" && group.phaseDeadlineMs <= nowMs) {
    // Those who were told of this generation and did not ask for their assignment hold up the others.
    const silent = [...group.members.values()].filter((member) => member.waiting === null);
    for (const member of silent) removeMember(draft, member.id);
    if (silent.length === 0) beginJoining(draft);
  } else updateJoining(draft);
}
