// What a consumer group is, what can happen to it and what is answered: data only.
import type { ErrorCode } from "../codec/errors.ts";

/** The states that Apache Kafka names Empty, PreparingRebalance, CompletingRebalance and Stable. */
export type Phase = "empty" | "joining" | "syncing" | "stable";

export interface Protocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface Member {
  readonly id: string;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionMs: number;
  readonly rebalanceMs: number;
  readonly protocols: readonly Protocol[];
  readonly assignment: Buffer;
  /** When it is given up unless it is heard of; not while a request of it is kept waiting. */
  readonly deadlineMs: number;
  /** The request of it that waits for the others: a join while joining, a sync while syncing. */
  readonly waiting: number | null;
}

export interface Group {
  readonly phase: Phase;
  readonly generation: number;
  readonly protocolType: string;
  readonly protocol: string;
  readonly leader: string;
  readonly members: ReadonlyMap<string, Member>;
  /** Member ids that were given out and not yet used, with the time until which they are waited for. */
  readonly promised: ReadonlyMap<string, number>;
  /** When the joining or syncing phase goes on without those who are missing. */
  readonly phaseDeadlineMs: number;
}

export const emptyGroup: Group = {
  phase: "empty",
  generation: 0,
  protocolType: "",
  protocol: "",
  leader: "",
  members: new Map(),
  promised: new Map(),
  phaseDeadlineMs: Number.POSITIVE_INFINITY,
};

/** `ticket` names the request, so that its answer finds it when it comes later. */
export type GroupInput =
  | {
      is: "join";
      ticket: number;
      /** Empty: a newcomer, who is then to be called `freshId`. */
      memberId: string;
      freshId: string;
      /** The client can come back with the id it was given (JoinGroup from version 4 on, KIP-394). */
      knowsPromises: boolean;
      clientId: string;
      clientHost: string;
      sessionMs: number;
      rebalanceMs: number;
      protocolType: string;
      protocols: readonly Protocol[];
    }
  | {
      is: "sync";
      ticket: number;
      memberId: string;
      generation: number;
      assignments: readonly { memberId: string; assignment: Buffer }[];
    }
  | { is: "heartbeat"; ticket: number; memberId: string; generation: number }
  | { is: "commit"; ticket: number; memberId: string; generation: number }
  | { is: "leave"; ticket: number; memberId: string }
  | { is: "tick" };

export interface JoinAnswer {
  is: "join";
  error: ErrorCode;
  generation: number;
  protocol: string;
  leader: string;
  memberId: string;
  /** Filled for the leader only. */
  members: { id: string; metadata: Buffer }[];
}

export type GroupAnswer =
  | JoinAnswer
  | { is: "sync"; error: ErrorCode; assignment: Buffer }
  | { is: "plain"; error: ErrorCode };

export interface Step {
  group: Group;
  answers: { ticket: number; answer: GroupAnswer }[];
  /** The group must be durable before the answers go out. */
  durable: boolean;
}

/** The group as text for the disk. */
export function stored(group: Group): string {
  const members = [...group.members.values()].map((member) => ({
    ...member,
    protocols: member.protocols.map(({ name, metadata }) => ({
      name,
      metadata: metadata.toString("base64"),
    })),
    assignment: member.assignment.toString("base64"),
  }));
  const { phase, generation, protocolType, protocol, leader } = group;
  return JSON.stringify({ phase, generation, protocolType, protocol, leader, members });
}

type StoredMember = Omit<Member, "protocols" | "assignment"> & {
  protocols: { name: string; metadata: string }[];
  assignment: string;
};

/**
 * A group found at the start: its members keep their place and have one session's time to be heard of again. One
 * that was in the middle of a rebalance begins that rebalance anew.
 */
export function restored(text: string, nowMs: number): Group {
  const kept = JSON.parse(text) as Omit<Group, "members" | "promised" | "phaseDeadlineMs"> & {
    members: StoredMember[];
  };
  const members = kept.members.map((member) => ({
    ...member,
    protocols: member.protocols.map(({ name, metadata }) => ({
      name,
      metadata: Buffer.from(metadata, "base64"),
    })),
    assignment: Buffer.from(member.assignment, "base64"),
    deadlineMs: nowMs + member.sessionMs,
    waiting: null,
  }));
  const settled = kept.phase === "stable" || kept.phase === "empty";
  return {
    ...kept,
    phase: settled ? kept.phase : "joining",
    members: new Map(members.map((member) => [member.id, member])),
    promised: new Map(),
    phaseDeadlineMs: settled
      ? Number.POSITIVE_INFINITY
      : nowMs + Math.max(0, ...members.map((member) => member.rebalanceMs)),
  };
}
