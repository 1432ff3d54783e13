// Every API that this broker serves, by its key.
import type { Api } from "./api.ts";
import { apiVersions } from "./api-versions.ts";
import { describeGroups, listGroups } from "./describe-groups.ts";
import { fetch } from "./fetch.ts";
import { findCoordinator, heartbeat, joinGroup, leaveGroup, syncGroup } from "./groups.ts";
import { initProducerId } from "./init-producer-id.ts";
import { listOffsets } from "./list-offsets.ts";
import { metadata } from "./metadata.ts";
import { offsetCommit, offsetFetch } from "./offsets.ts";
import { produce } from "./produce.ts";
import { createPartitions, createTopics, deleteTopics, describeConfigs } from "./topic-admin.ts";

const all: readonly Api[] = [
  produce,
  fetch,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeGroups,
  listGroups,
  apiVersions(() => all),
  createTopics,
  deleteTopics,
  createPartitions,
  initProducerId,
  describeConfigs,
];

export const apis: ReadonlyMap<number, Api> = new Map(all.map((api) => [api.key, api]));
