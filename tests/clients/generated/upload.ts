// Uses the types that openapi-typescript makes, through openapi-fetch: uploads a file, reads the resume in two views,
// and meets a problem.
import { readFile } from "node:fs/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./types.js";

const [service, path] = process.argv.slice(2) as [string, string];
const client = createClient<paths>({
  baseUrl: service,
  headers: { Authorization: `Bearer ${process.env.API_KEY}` },
});
const form = new FormData();
form.set("file", new Blob([await readFile(path)]), "cv.pdf");
form.set("external_id", "43");
const uploaded = await client.POST("/resumes/upload", {
  body: { file: "" },
  bodySerializer: () => form,
  params: { header: { "Idempotency-Key": "a-43" } },
});
if (!uploaded.data) throw new Error(uploaded.error.detail);
const id: string = uploaded.data.id;

const compact = await client.GET("/resumes/{id}", { params: { path: { id } } });
const full = await client.GET("/resumes/{id}", { params: { path: { id }, query: { view: "full" } } });
if (compact.data?.view !== "compact" || full.data?.view !== "full") throw new Error("not the views asked for");
const name: string | null | undefined = compact.data.profile?.person.name.full;
const fact: components["schemas"]["TextFact"] | null | undefined = full.data.profile?.person.name.full;
const missing = await client.GET("/resumes/{id}", {
  params: { path: { id: "0197a3c1-6f2e-7c3a-9d53-2f6f4f7f0a11" } },
});
console.log(id, compact.data.status === "queued", full.data.view, missing.error?.type, name ?? "-", fact?.raw ?? "-");
