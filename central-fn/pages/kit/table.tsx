// A list of like things as a table: on a narrow screen the columns that can be done without are left out. The first
// column's link is the whole row's.
import type { ComponentChildren } from "preact";

export interface Column<T> {
  head: string;
  cell(row: T): ComponentChildren;
  /** Right-aligned. */
  figure?: boolean;
  /** Not broken into lines: ids. */
  whole?: boolean;
  /** Left out on a narrow screen. */
  wide?: boolean;
}

export interface TableProps<T> {
  /** For screen readers: what the table is. */
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf(row: T): string;
  /** Where the row leads; without it leads nowhere. */
  hrefOf?(row: T): string | undefined;
  /** Said instead of an empty table. */
  emptyWord: string;
}

export function Table<T>({ caption, columns, rows, keyOf, hrefOf, emptyWord }: TableProps<T>) {
  if (rows.length === 0) return <p class="empty faint">{emptyWord}</p>;
  return (
    <table class="table">
      <caption class="only-read">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.head} scope="col" class={classOf(column)}>
              {column.head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const href = hrefOf?.(row);
          return (
            <tr key={keyOf(row)} class={href === undefined ? undefined : "leads"}>
              {columns.map((column, i) =>
                i === 0 ? (
                  <th key={column.head} scope="row" class={classOf(column)}>
                    {href === undefined ? column.cell(row) : <a href={href}>{column.cell(row)}</a>}
                  </th>
                ) : (
                  <td key={column.head} class={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function classOf<T>({ figure, whole, wide }: Column<T>): string | undefined {
  const names = [figure ? "figure" : "", whole ? "whole" : "", wide ? "wide" : ""].filter(Boolean);
  return names.length === 0 ? undefined : names.join(" ");
}
