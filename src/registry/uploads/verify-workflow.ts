import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep, type WorkflowStepConfig } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";
import { connect } from "../../db/client.ts";
import type { StoredProblem } from "../../db/schema.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import { ArchiveGoneError } from "../archive/archive-source.ts";
import { withBeats } from "./verification-rescue.ts";
import { findUpload, type Upload } from "../publish/upload-store.ts";
import type { VerificationRequest } from "../publish/upload-verification.ts";
import {
  assembleArchive,
  hashArchive,
  planVerification,
  publishVerified,
  refuseUpload,
  type StoredArchive,
  verifySlice,
} from "./verify-upload.ts";

/** Faults of R2 and D1 pass within minutes; reading five gigabytes once takes less than the timeout. */
const STEP: WorkflowStepConfig = {
  retries: { limit: 5, delay: "5 seconds", backoff: "exponential" },
  timeout: "15 minutes",
};

/** How an upload that was given to the Workflow ended; `gone` when someone else had ended it before. */
export type VerificationResult = "accepted" | "refused" | "gone";

/**
 * Verifies an archive that is too large for the request that brought it, or makes it out of a pushed layer: puts its parts
 * together, compares its SHA-256, checks structure and content in steps of bounded work, and publishes the version or refuses the upload. The
 * instance's id is the upload's.
 */
export class VerifyUploadWorkflow extends WorkflowEntrypoint<Cloudflare.Env, VerificationRequest> {
  override async run(event: WorkflowEvent<VerificationRequest>, step: WorkflowStep): Promise<VerificationResult> {
    const { organizationId, uploadId } = event.payload;
    const upload = await step.do("load", STEP, async () => {
      const found = await findUpload(connect(this.env.DB), organizationId, uploadId);
      return found?.state === "verifying" ? found : null;
    });
    if (upload === null) return "gone";
    const problems = await this.#verify(upload, step).catch((error: unknown): StoredProblem[] => {
      logBackgroundFailure("VerifyUploadWorkflow", error);
      const msg = "The archive could not be verified: its bytes were lost or could not be read. Publish it again.";
      return [{ loc: ["archive"], msg, type: "verification-failed" }];
    });
    if (problems.length === 0) return "accepted";
    await step.do("refuse", STEP, () => refuseUpload(this.env, upload, problems));
    return "refused";
  }

  /** Empty when the upload has become a version. */
  async #verify(upload: Upload, step: WorkflowStep): Promise<StoredProblem[]> {
    const assembled = await step.do("assemble", STEP, () =>
      expectThere(withBeats(this.env, upload, () => assembleArchive(this.env, upload))),
    );
    if (!assembled.ok) return assembled.problems;
    const { stored } = assembled;
    const sha256 = await this.#hash(stored, step);
    if (upload.sha256 !== null && upload.sha256 !== sha256) {
      const msg = `The upload announced SHA-256 ${upload.sha256}, its bytes have ${sha256}. Send them again.`;
      return [{ loc: ["archive"], msg, type: "digest-mismatch" }];
    }
    const structure = await step.do("structure", STEP, () =>
      expectThere(withBeats(this.env, stored.upload, () => planVerification(this.env, stored))),
    );
    if (!structure.ok) return structure.problems;
    for (const [index, slice] of structure.slices.entries()) {
      const name = `content ${index + 1} of ${structure.slices.length}`;
      const problems = await step.do(name, STEP, () =>
        expectThere(withBeats(this.env, stored.upload, () => verifySlice(this.env, stored, slice))),
      );
      if (problems.length > 0) return problems;
    }
    return await step.do("publish", STEP, () =>
      expectThere(withBeats(this.env, stored.upload, () => publishVerified(this.env, stored, sha256))),
    );
  }

  /** Of an archive that came in one request the digest is known already. */
  async #hash(stored: StoredArchive, step: WorkflowStep): Promise<string> {
    const { multipartId, sha256 } = stored.upload;
    if (multipartId === null && sha256 !== null) return sha256;
    return await step.do("digest", STEP, () =>
      expectThere(withBeats(this.env, stored.upload, () => hashArchive(this.env, stored))),
    );
  }
}

/** An object that is gone does not come back: no use in trying again. */
async function expectThere<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof ArchiveGoneError ? new NonRetryableError(error.message) : error;
  }
}
