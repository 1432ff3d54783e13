// `ev`: the fleet's command line. Reads the verb, runs it, turns what the user can mend into one line.
import { type Arguments, readArguments } from "./cli/arguments.ts";
import { down } from "./cli/down.ts";
import { helpLines, verbNames } from "./cli/help.ts";
import { logs } from "./cli/logs.ts";
import { tellStarter } from "./cli/narrator.ts";
import { endWithReader, type Output, standardOutput } from "./cli/output.ts";
import { ps } from "./cli/ps.ts";
import { serviceVerb } from "./cli/service-verbs.ts";
import { Complaint } from "./fleet/complaint.ts";
import { nearNames } from "./fleet/names.ts";
import { curableFailureText } from "./fleet/world-failure.ts";

/** What these do does not end with a word: they end in order when nobody reads any more. */
function hearsOutputClosed({ verb, words }: Arguments): boolean {
  return verb === "up" || verb === "test-fault-tolerance" || (verb === "scenario" && words.length > 0);
}

async function run(argv: readonly string[], output: Output): Promise<number> {
  const args = readArguments(argv, process.env);
  if (!hearsOutputClosed(args)) endWithReader();
  switch (args.verb) {
    case "up": {
      // Loaded on demand: the other verbs answer sooner without it.
      const { up } = await import("./cli/up.ts");
      return up(args, output);
    }
    case "down":
      return down(args, output);
    case "ps":
      return ps(args, output);
    case "logs":
      return logs(args, output);
    case "start":
    case "stop":
    case "kill":
    case "restart":
    case "pause":
    case "unpause":
      return serviceVerb(args.verb, args, output);
    case "simulate-crash": {
      const { simulateCrash } = await import("./cli/simulate-crash.ts");
      return simulateCrash(args, output);
    }
    case "disconnect":
    case "connect": {
      const network = await import("./cli/disconnect.ts");
      return network[args.verb](args, output);
    }
    case "token": {
      const { token } = await import("./cli/token.ts");
      return token(args, output);
    }
    case "credentials":
    case "revoke":
    case "rotate-credentials":
    case "rotate-key": {
      const { accessVerbs } = await import("./cli/access-verbs.ts");
      return accessVerbs[args.verb](args, output);
    }
    case "load": {
      const { load } = await import("./cli/load.ts");
      return load(args, output);
    }
    case "figures": {
      const { figures } = await import("./cli/figures.ts");
      return figures(args, output);
    }
    case "scenario": {
      const { scenario } = await import("./cli/scenario.ts");
      return scenario(args, output);
    }
    case "test-fault-tolerance": {
      const { testFaultTolerance } = await import("./cli/test-fault-tolerance.ts");
      return testFaultTolerance(args, output);
    }
    case "add-cp":
    case "add-driver":
    case "remove":
    case "clean":
    case "export":
    case "import":
    case "apply":
    case "inspect":
    case "plug":
    case "unplug":
    case "charger": {
      const { fleetVerbs } = await import("./cli/fleet-verbs.ts");
      return fleetVerbs[args.verb](args, output);
    }
    case "help":
      for (const line of helpLines()) output.line(line);
      return 0;
    default: {
      const near = nearNames(args.verb, verbNames);
      const hint =
        near.length > 0 ? `did you mean ${near.map((name) => `\`ev ${name}\``).join(" or ")}?` : "";
      throw new Complaint(
        `there is no command ${args.verb}: ${hint || `try one of ${verbNames.join(", ")}`}`,
      );
    }
  }
}

try {
  process.exitCode = await run(process.argv.slice(2), standardOutput);
} catch (error) {
  const text = error instanceof Complaint ? error.message : curableFailureText(error, "repeat the command");
  if (text === undefined) throw error;
  tellStarter({ is: "failed", text });
  standardOutput.note(`ev: ${text}`);
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
