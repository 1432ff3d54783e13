import { tableContract } from "../contracts/table.contract.ts";
import { memoryTable } from "./memory-table.ts";

tableContract("memory", async () => memoryTable());
