import { ChevronLeft, ChevronRight } from "lucide-react";
import { Button } from "./button.tsx";
import { describeCount } from "./numbers.ts";
import styles from "./paging.module.css";

interface PagingProps {
  /** From 1. */
  page: number;
  size: number;
  total: number;
  onPage: (page: number) => void;
}

/** Where one is in a list, and the way to its other pages; nothing where it has one. */
export function Paging({ page, size, total, onPage }: PagingProps) {
  const pages = Math.max(1, Math.ceil(total / size));
  if (pages === 1 && page === 1) return null;
  const first = (page - 1) * size + 1;
  return (
    <nav className={styles["paging"]} aria-label="Pages">
      <Button look="quiet" disabled={page <= 1} onClick={() => onPage(page - 1)}>
        <ChevronLeft aria-hidden="true" /> Previous
      </Button>
      <span aria-live="polite">
        {describeCount(Math.min(first, total))}–{describeCount(Math.min(first + size - 1, total))} of{" "}
        {describeCount(total)}
      </span>
      <Button look="quiet" disabled={page >= pages} onClick={() => onPage(page + 1)}>
        Next <ChevronRight aria-hidden="true" />
      </Button>
    </nav>
  );
}
