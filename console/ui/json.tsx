import { useState } from "react";
import styles from "./json.module.css";

/** Members that a value shows before it is asked for more, and characters of a text. */
const SHOWN_MEMBERS = 100;
const SHOWN_CHARACTERS = 2_000;

/** JSON as a tree that opens; `depth` levels are open at first. */
export function JsonView({ value, depth = 2 }: { value: unknown; depth?: number }) {
  return (
    <div className={styles["json"]}>
      <Value value={value} depth={depth} />
    </div>
  );
}

function Value({ value, depth }: { value: unknown; depth: number }) {
  if (typeof value === "object" && value !== null) return <Members value={value} depth={depth} />;
  if (typeof value === "string") return <Text text={value} />;
  return <span className={styles["other"]}>{String(value)}</span>;
}

function Text({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  return (
    <span className={styles["text"]}>
      {JSON.stringify(all ? text : text.slice(0, SHOWN_CHARACTERS))}
      {!all && text.length > SHOWN_CHARACTERS && (
        <button type="button" onClick={() => setAll(true)}>
          {text.length - SHOWN_CHARACTERS} more characters
        </button>
      )}
    </span>
  );
}

function Members({ value, depth }: { value: object; depth: number }) {
  const [isOpen, setIsOpen] = useState(depth > 0);
  const [shown, setShown] = useState(SHOWN_MEMBERS);
  const isList = Array.isArray(value);
  const members = Object.entries(value);
  if (members.length === 0) return <span className={styles["other"]}>{isList ? "[]" : "{}"}</span>;
  return (
    <>
      <button type="button" className={styles["toggle"]} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        {isOpen ? "▾" : "▸"} {isList ? `[${members.length}]` : `{${members.length}}`}
      </button>
      {isOpen && (
        <ul>
          {members.slice(0, shown).map(([name, member]) => (
            <li key={name}>
              <span className={styles["name"]}>{name}</span>: <Value value={member} depth={depth - 1} />
            </li>
          ))}
          {members.length > shown && (
            <li>
              <button type="button" onClick={() => setShown(shown + SHOWN_MEMBERS * 10)}>
                {members.length - shown} more
              </button>
            </li>
          )}
        </ul>
      )}
    </>
  );
}
