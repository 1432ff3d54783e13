#!/usr/bin/env node
// `npx ev …`: the operator's and demonstrator's command (simulator/cli.ts) on a Node that can run it.
import { launch } from "./launch.mjs";

launch("simulator/cli.ts", process.argv.slice(2));
