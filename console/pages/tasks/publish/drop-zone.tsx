import { FolderUp } from "lucide-react";
import { type DragEvent, useRef, useState } from "react";
import { Button } from "../../../ui/button.tsx";
import { type Picked, pickDropped, pickFolder, pickZip } from "./picked.ts";
import styles from "./publish.module.css";

interface DropZoneProps {
  onPick: (picked: Picked) => void;
  onFailure: (error: unknown) => void;
}

/** Where a folder or an archive is dropped, or chosen by the keyboard. */
export function DropZone({ onPick, onFailure }: DropZoneProps) {
  const [isOver, setIsOver] = useState(false);
  const zip = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const attempt = (pick: () => Picked) => {
    try {
      onPick(pick());
    } catch (error) {
      onFailure(error);
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    pickDropped(event.dataTransfer.items).then(onPick, onFailure);
  };
  return (
    <div
      role="group"
      aria-label="Task to publish"
      className={styles["zone"]}
      data-over={isOver}
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
    >
      <FolderUp aria-hidden="true" />
      <p>Drop a task’s folder or zip archive here</p>
      <div className={styles["choices"]}>
        <Button onClick={() => folder.current?.click()}>Choose a folder</Button>
        <Button onClick={() => zip.current?.click()}>Choose a zip archive</Button>
      </div>
      <input
        ref={(element) => {
          folder.current = element;
          // React has no name for it.
          if (element) element.webkitdirectory = true;
        }}
        type="file"
        hidden
        aria-label="Folder"
        onChange={({ target }) => {
          const { files } = target;
          if (files) attempt(() => pickFolder(files));
          target.value = "";
        }}
      />
      <input
        ref={zip}
        type="file"
        hidden
        aria-label="Zip archive"
        accept=".zip,application/zip"
        onChange={({ target }) => {
          const file = target.files?.[0];
          if (file) attempt(() => pickZip(file));
          target.value = "";
        }}
      />
    </div>
  );
}
