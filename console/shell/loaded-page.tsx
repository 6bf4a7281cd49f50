import { type ComponentType, useEffect, useState } from "react";
import { LoadingState } from "../ui/states.tsx";

type Load = () => Promise<ComponentType>;

const loaded = new Map<Load, ComponentType>();

/**
 * A page whose code is loaded when it is first opened, and which is there at once from then on. React's `lazy` would keep what stands
 * in its place for 300 ms.
 */
export function LoadedPage({ load }: { load: Load }) {
  const [{ Page, failure }, setState] = useState<{ Page?: ComponentType | undefined; failure?: Error }>({
    Page: loaded.get(load),
  });
  useEffect(() => {
    let isLeft = false;
    const begin = async () => {
      try {
        const page = await load();
        loaded.set(load, page);
        if (!isLeft) setState({ Page: page });
      } catch (error) {
        if (!isLeft) setState({ failure: error instanceof Error ? error : new Error(String(error)) });
      }
    };
    void begin();
    return () => {
      isLeft = true;
    };
  }, [load]);
  // The boundary around it says so.
  if (failure) throw failure;
  return Page ? <Page /> : <LoadingState />;
}
