// Rows as DynamoDB items, and the conditions of the table port as its expressions.
import type { Key, Known, QueryRange, Row } from "./port.ts";

/** As sent. */
export type Item = Record<string, { S: string } | { N: string }>;
/** As received: other attribute types cannot be ruled out. */
type Received = Record<string, { S?: string | undefined; N?: string | undefined }>;

export function expected(version: number) {
  if (version === 0)
    return { ConditionExpression: "attribute_not_exists(#pk)", ExpressionAttributeNames: { "#pk": "pk" } };
  return {
    ConditionExpression: "#version = :expected",
    ExpressionAttributeNames: { "#version": "version" },
    ExpressionAttributeValues: { ":expected": { N: String(version) } },
  };
}

export function overwrite(value: string, token: string) {
  return {
    UpdateExpression: "SET #value = :value, #by = :by ADD #version :one",
    ExpressionAttributeNames: { "#value": "value", "#by": "by", "#version": "version" },
    ExpressionAttributeValues: { ":value": { S: value }, ":by": { S: token }, ":one": { N: "1" } },
  };
}

export function conditionOf(pk: string, { from, to, prefix }: QueryRange) {
  const names = { "#pk": "pk" };
  const values: Item = { ":pk": { S: pk } };
  const sk = { "#pk": "pk", "#sk": "sk" };
  const condition = (text: string, ExpressionAttributeNames: Record<string, string>, more: Item) => ({
    KeyConditionExpression: `#pk = :pk${text}`,
    ExpressionAttributeNames,
    ExpressionAttributeValues: { ...values, ...more },
  });
  // An empty string is no key value to DynamoDB, and bounds nothing.
  if (prefix) return condition(" AND begins_with(#sk, :prefix)", sk, { ":prefix": { S: prefix } });
  if (from && to)
    return condition(" AND #sk BETWEEN :from AND :to", sk, { ":from": { S: from }, ":to": { S: to } });
  if (from) return condition(" AND #sk >= :from", sk, { ":from": { S: from } });
  if (to) return condition(" AND #sk <= :to", sk, { ":to": { S: to } });
  return condition("", names, {});
}

export const marshalKey = (key: Key): Item => ({ pk: { S: key.pk }, sk: { S: key.sk } });

export const unmarshalKey = (item: Received): Key => ({ pk: item.pk?.S ?? "", sk: item.sk?.S ?? "" });

export function toItem(key: Key, version: number, value: string, token: string): Item {
  return { ...marshalKey(key), version: { N: String(version) }, value: { S: value }, by: { S: token } };
}

export function toRow<V>(item: Received, known?: Known): Row<V> {
  const key = unmarshalKey(item);
  const version = Number(item.version?.N);
  const row = known?.(key);
  if (row?.version === version) return row as Row<V>;
  return { ...key, version, value: JSON.parse(item.value?.S ?? "null") };
}
