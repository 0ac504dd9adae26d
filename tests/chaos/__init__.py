"""Faults, and where each is tried. Long ones run in `make test-long`; `python -m benchmarks.chaos` mixes the kills.

| fault | test |
|---|---|
| kill -9 of a stage's replica mid-document | `test_service_faults`, each stage; `test_kills` |
| a dispatcher stopped past its lease | `test_service_faults`; `adapters/postgres/test_queue_machine`, every order |
| a dispatcher killed with many in flight | `test_kills`, `test_ingestion_kills` |
| the ingress killed between object and row, or between commit and 202 | `test_service_faults` |
| PostgreSQL killed, fifty times | `test_database_kills`; once in `test_kills` |
| connections ended twice a second | `test_service_faults` |
| hundreds of idle connections; a forgotten transaction | `test_idle_connections`, `adapters/postgres/test_engine` |
| a lost notification | `test_service_faults`; a cut listener: `adapters/postgres/test_listen` |
| the network cut between worker and PostgreSQL | `test_network_cut` |
| the object store cut, slow or full | `serve_app/test_outages`, `adapters/test_object_stores`, `test_disk_full` |
| the database's disk full | `test_disk_full` |
| a parser out of memory, in an endless loop, killed | `adapters/test_pdfium_pool`; its whole replica: `test_suspects` |
| a clock off by an hour | `test_clock` |
| an erasure mid-run | `test_service_faults`; at the same instant: `adapters/postgres/test_applications` |

The control: `adapters/postgres/test_queue_machine` without half of the fence, and `benchmarks.chaos --without-fence`.
"""
