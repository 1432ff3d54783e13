// Asks out of a group the members that a killed process left behind. The group would wait for them with every newcomer
// (the rebalance time-out), or until their sessions end: four to ten seconds in which nobody reads.
//
// kafkajs describes members but cannot remove them; its coordinator connection can. It is reached through the one
// private door of its client, pinned with the package's version.
import type { Kafka } from "kafkajs";

interface Coordinator {
  describeGroups(ask: {
    groupIds: string[];
  }): Promise<{ groups: { members: { memberId: string; clientId: string }[] }[] }>;
  leaveGroup(ask: { groupId: string; memberId: string }): Promise<unknown>;
}

interface Cluster {
  connect(): Promise<void>;
  findGroupCoordinator(ask: { groupId: string }): Promise<Coordinator>;
  disconnect(): Promise<void>;
}

/**
 * Resolves with how many members called `clientId` have left. Only for a client id that no living process shares:
 * another's member would be thrown out, and come back.
 */
export async function askOutGhosts(kafka: Kafka, groupId: string, clientId: string): Promise<number> {
  const cluster = clusterOf(kafka);
  await cluster.connect();
  try {
    const coordinator = await cluster.findGroupCoordinator({ groupId });
    const { groups } = await coordinator.describeGroups({ groupIds: [groupId] });
    const ghosts = groups.flatMap(({ members }) => members).filter((member) => member.clientId === clientId);
    await Promise.all(ghosts.map(({ memberId }) => coordinator.leaveGroup({ groupId, memberId })));
    return ghosts.length;
  } finally {
    await cluster.disconnect();
  }
}

function clusterOf(kafka: Kafka): Cluster {
  const door = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === "private:Kafka:createCluster",
  );
  const make = door && (kafka as unknown as Record<symbol, unknown>)[door];
  if (typeof make !== "function")
    throw new Error("kafkajs changed: its client makes no cluster any more, find another way in ghosts.ts");
  return make.call(kafka, { allowAutoTopicCreation: false }) as Cluster;
}
