// The membership APIs: FindCoordinator, JoinGroup, SyncGroup, Heartbeat, LeaveGroup. They only translate; the group
// rules decide.
import { type ErrorCode, errors } from "../codec/errors.ts";
import type { JoinAnswer } from "../group/state.ts";
import { type Api, type Body, nodeId } from "./api.ts";

const longestSessionMs = 1_800_000;

export const findCoordinator: Api = {
  key: 10,
  name: "FindCoordinator",
  least: 0,
  most: 2,
  handle(reader, { version, host, port }) {
    reader.string();
    const isGroup = version === 0 || reader.int8() === 0;
    return (writer) => {
      if (version >= 1) writer.int32(0);
      writer.int16(isGroup ? errors.none : errors.invalidRequest);
      if (version >= 1) writer.string(isGroup ? null : "this broker has no transactions");
      writer
        .int32(isGroup ? nodeId : -1)
        .string(isGroup ? host : "")
        .int32(isGroup ? port : -1);
    };
  },
};

export const joinGroup: Api = {
  key: 11,
  name: "JoinGroup",
  least: 0,
  most: 5,
  async handle(reader, { version, clientId, clientHost }, { coordinator, leastSessionMs }) {
    const group = reader.string();
    const sessionMs = reader.int32();
    const rebalanceMs = version >= 1 ? reader.int32() : sessionMs;
    const memberId = reader.string();
    if (version >= 5) reader.nullableString(); // instance id
    const protocolType = reader.string();
    // Copies: the frame they arrived in is not to live as long as the group.
    const protocols = reader.array((r) => ({ name: r.string(), metadata: Buffer.from(r.bytes()) }));
    const refusal =
      group === ""
        ? errors.invalidGroupId
        : sessionMs < leastSessionMs || sessionMs > longestSessionMs
          ? errors.invalidSessionTimeout
          : undefined;
    if (refusal !== undefined) return joined(version, { ...notJoined, error: refusal, memberId });
    const answer = await coordinator.ask(group, {
      is: "join",
      memberId,
      knowsPromises: version >= 4,
      clientId,
      clientHost,
      sessionMs,
      rebalanceMs,
      protocolType,
      protocols,
    });
    return joined(version, answer);
  },
};

const notJoined = { is: "join", generation: -1, protocol: "", leader: "", members: [] } as const;

function joined(
  version: number,
  answer: Omit<JoinAnswer, "members"> & { members: readonly JoinAnswer["members"][number][] },
): Body {
  return (writer) => {
    if (version >= 2) writer.int32(0);
    writer.int16(answer.error).int32(answer.generation).string(answer.protocol);
    writer.string(answer.leader).string(answer.memberId);
    writer.array(answer.members, ({ id, metadata }) => {
      writer.string(id);
      if (version >= 5) writer.string(null);
      writer.bytes(metadata);
    });
  };
}

export const syncGroup: Api = {
  key: 14,
  name: "SyncGroup",
  least: 0,
  most: 3,
  async handle(reader, { version }, { coordinator }) {
    const group = reader.string();
    const generation = reader.int32();
    const memberId = reader.string();
    if (version >= 3) reader.nullableString();
    const assignments = reader.array((r) => ({ memberId: r.string(), assignment: Buffer.from(r.bytes()) }));
    const { error, assignment } = await coordinator.ask(group, {
      is: "sync",
      generation,
      memberId,
      assignments,
    });
    return (writer) => {
      if (version >= 1) writer.int32(0);
      writer.int16(error).bytes(assignment);
    };
  },
};

export const heartbeat: Api = {
  key: 12,
  name: "Heartbeat",
  least: 0,
  most: 3,
  async handle(reader, { version }, { coordinator }) {
    const group = reader.string();
    const generation = reader.int32();
    const memberId = reader.string();
    const { error } = await coordinator.ask(group, { is: "heartbeat", generation, memberId });
    return (writer) => {
      if (version >= 1) writer.int32(0);
      writer.int16(error);
    };
  },
};

export const leaveGroup: Api = {
  key: 13,
  name: "LeaveGroup",
  least: 0,
  most: 3,
  async handle(reader, { version }, { coordinator }) {
    const group = reader.string();
    const leaving =
      version >= 3
        ? reader.array((r) => ({ memberId: r.string(), instanceId: r.nullableString() }))
        : [{ memberId: reader.string(), instanceId: null }];
    const results: { memberId: string; instanceId: string | null; error: ErrorCode }[] = [];
    for (const one of leaving) {
      const { error } = await coordinator.ask(group, { is: "leave", memberId: one.memberId });
      results.push({ ...one, error });
    }
    return (writer) => {
      if (version >= 1) writer.int32(0);
      if (version < 3) return void writer.int16(results[0]?.error ?? errors.none);
      writer.int16(errors.none).array(results, ({ memberId, instanceId, error }) => {
        writer.string(memberId).string(instanceId).int16(error);
      });
    };
  },
};
