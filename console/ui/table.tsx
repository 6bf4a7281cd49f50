import type { ReactNode } from "react";
import styles from "./table.module.css";

export interface Column<Row> {
  /** The heading; also what stands before the value where the table becomes a list of cards, on narrow screens. */
  name: string;
  cell: (row: Row) => ReactNode;
  align?: "end";
  /** Takes the room that others leave, and is cut where there is too little. */
  wide?: boolean;
}

interface TableProps<Row> {
  /** What the table lists, for screen readers. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}

/** A table; its first column names the row. Below 640 px each row is a card. */
export function Table<Row>({ label, columns, rows, keyOf }: TableProps<Row>) {
  return (
    <div className={styles["frame"]}>
      <table className={styles["table"]} aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ name, align, wide }) => (
              <th key={name} scope="col" className={classOf(align, wide)}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, cell, align, wide }, index) =>
                index === 0 ? (
                  <th key={name} scope="row" className={classOf(align, wide)}>
                    {cell(row)}
                  </th>
                ) : (
                  <td key={name} data-label={name} className={classOf(align, wide)}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf(align: "end" | undefined, wide: boolean | undefined): string {
  return [align === "end" ? styles["end"] : "", wide ? styles["wide"] : ""].join(" ").trim();
}
