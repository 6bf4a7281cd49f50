import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import { IconButton } from "./button.tsx";
import { messageOf } from "./states.tsx";
import styles from "./toast.module.css";

const manager = Toast.createToastManager();

/** Says that something was done. */
export function say(title: string): void {
  manager.add({ title });
}

/** Says that something failed, in the server's words. Stays longer, and is announced at once. */
export function complain(title: string, error: unknown): void {
  manager.add({ title, description: messageOf(error), type: "error", priority: "high", timeout: 12_000 });
}

/** Where toasts are shown; once in the app. */
export function Toasts() {
  return (
    <Toast.Provider toastManager={manager}>
      <Toast.Portal>
        <Toast.Viewport className={styles["viewport"]}>
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={styles["toast"]} data-kind={toast.type}>
      <div>
        <Toast.Title className={styles["title"]} />
        <Toast.Description className={styles["description"]} />
      </div>
      <Toast.Close render={<IconButton label="Dismiss" />}>
        <X aria-hidden="true" />
      </Toast.Close>
    </Toast.Root>
  ));
}
