// Parts of kafkajs that tests compare with.
declare module "kafkajs/src/protocol/requests/produce/v7/request.js" {
  export default function produce(request: object): { encode(): Promise<{ buffer: Buffer }> };
}
