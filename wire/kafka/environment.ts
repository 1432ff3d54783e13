// The variables by which a process is told how to speak TLS with Kafka.
import * as z from "zod";
import { flag } from "../process/environment.ts";
import type { KafkaAddress } from "./client.ts";

const path = z.string().min(1).optional();

/** Files in PEM. Spread into the schema of a main. */
export const kafkaTlsVariables = {
  KAFKA_TLS: flag.default(false),
  /** Who may have signed the brokers' certificates; default: the authorities of the system. */
  KAFKA_CA_PATH: path,
  /** This process's own certificate and its key, for brokers that ask for one. */
  KAFKA_CERT_PATH: path,
  KAFKA_KEY_PATH: path,
} as const;

interface Settings {
  KAFKA_TLS: boolean;
  KAFKA_CA_PATH?: string | undefined;
  KAFKA_CERT_PATH?: string | undefined;
  KAFKA_KEY_PATH?: string | undefined;
}

/** What an address needs of them: nothing without KAFKA_TLS=1. */
export function kafkaTls(env: Settings): Pick<KafkaAddress, "tls"> {
  if (!env.KAFKA_TLS) return {};
  return {
    tls: {
      ...(env.KAFKA_CA_PATH !== undefined && { ca: env.KAFKA_CA_PATH }),
      ...(env.KAFKA_CERT_PATH !== undefined && { cert: env.KAFKA_CERT_PATH }),
      ...(env.KAFKA_KEY_PATH !== undefined && { key: env.KAFKA_KEY_PATH }),
    },
  };
}
