// DescribeGroups and ListGroups: the groups as an operator sees them.
import { errors } from "../codec/errors.ts";
import type { Phase } from "../group/state.ts";
import type { Api } from "./api.ts";

const stateNames: Record<Phase, string> = {
  empty: "Empty",
  joining: "PreparingRebalance",
  syncing: "CompletingRebalance",
  stable: "Stable",
};

export const describeGroups: Api = {
  key: 15,
  name: "DescribeGroups",
  least: 0,
  most: 2,
  handle(reader, { version }, { coordinator }) {
    const ids = reader.array((r) => r.string());
    return (writer) => {
      if (version >= 1) writer.int32(0);
      writer.array(ids, (id) => {
        const group = coordinator.group(id);
        const isKnown = group !== undefined || coordinator.ids().includes(id);
        const state = group ? stateNames[group.phase] : isKnown ? stateNames.empty : "Dead";
        writer.int16(errors.none).string(id).string(state);
        writer.string(group?.protocolType ?? "").string(group?.protocol ?? "");
        writer.array([...(group?.members.values() ?? [])], (member) => {
          const protocol = member.protocols.find(({ name }) => name === group?.protocol);
          writer.string(member.id).string(member.clientId).string(member.clientHost);
          writer.bytes(protocol?.metadata ?? Buffer.alloc(0)).bytes(member.assignment);
        });
      });
    };
  },
};

export const listGroups: Api = {
  key: 16,
  name: "ListGroups",
  least: 0,
  most: 2,
  handle:
    (_reader, { version }, { coordinator }) =>
    (writer) => {
      if (version >= 1) writer.int32(0);
      writer.int16(errors.none).array(coordinator.ids(), (id) => {
        writer.string(id).string(coordinator.group(id)?.protocolType ?? "");
      });
    },
};
