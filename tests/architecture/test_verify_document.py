"""Every line of docs/verify.md has the tests that hold it: a line without one fails here."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HELD: dict[str, str] = {
    "Two commands, one below the other": """
        unit/test_verify_command.py::test_a_verified_log_exits_with_0_and_lists_its_steps
        unit/test_audit_command.py::test_the_json_lists_every_step_rules_included""",
    "python -m ledger.verify DIR --trust trust.json     #": """
        unit/test_verify_command.py::test_a_verified_log_exits_with_0_and_lists_its_steps
        unit/test_audit_command.py::test_a_valid_log_is_verified_rules_included""",
    "The first needs Python 3.11": """
        unit/test_verify_command.py::test_it_runs_where_nothing_but_cryptography_is_installed
        unit/test_verify_command.py::test_a_package_that_is_too_old_is_named_and_refuses_nothing
        unit/test_verify_command.py::test_an_openssl_without_ml_dsa_is_named_and_refuses_nothing
        unit/test_court.py::test_it_needs_no_other_file_of_ours
        unit/test_court.py::test_a_copy_of_the_file_verifies_on_its_own
        architecture/test_structure.py::test_no_file_is_longer_than_a_stranger_reads_at_once""",
    "**`trust.json`**": """
        unit/test_verify_export.py::test_a_trust_root_with_one_of_the_two_keys_is_refused_by_all_who_read_one
        unit/test_verify_export.py::test_genesis_must_name_every_key_that_the_trust_root_pins""",
    '{"origin": "ledger.example.vn': """
        unit/test_verify_export.py::test_a_malformed_trust_root_is_refused
        unit/test_verify_flips.py::test_every_byte_of_the_trust_root_counts""",
    "**The log**, as a directory": """
        integration/test_audit_database.py::test_database_and_server_give_the_same_files_and_they_verify""",
    "techledger audit clone DIR --url": """
        unit/test_mirror.py::test_a_copy_of_a_mirror_at_work_is_a_log
        integration/test_audit_database.py::test_the_command_takes_a_log_home_from_a_server_and_verifies_it
        integration/test_audit_database.py::test_the_command_reads_the_local_database""",
    "checkpoint                    the signed note": """
        unit/test_audit_export.py::test_an_export_is_the_log_of_its_checkpoint_and_no_more
        unit/test_audit_export.py::test_the_notes_that_were_seen_stay_beside
        unit/test_verify_time.py::test_a_kept_note_that_is_wrong_is_refused_by_its_name""",
    "What a server or a mirror has is taken in": """
        unit/test_endless_log.py::test_an_export_takes_in_nothing_that_leads_to_another_root
        unit/test_endless_log.py::test_an_export_asks_for_nothing_that_the_trust_root_does_not_vouch_for
        unit/test_endless_log.py::test_the_commands_say_how_to_go_on""",
    "Run it again": """
        unit/test_audit_export.py::test_a_later_export_adds_what_is_new_and_equals_a_fresh_one
        unit/test_audit_export.py::test_partial_tiles_stay_until_the_full_one_is_there
        unit/test_audit_export.py::test_wherever_an_export_is_interrupted_the_next_one_finishes_it
        unit/test_audit_export.py::test_a_source_that_forked_is_refused_and_nothing_is_touched""",
    "**Or an evidence bundle**": """
        integration/test_evidence.py::test_a_bundle_shows_the_whole_history_of_a_subject""",
    "techledger evidence gather": """
        integration/test_evidence.py::test_a_bundle_over_http_by_command_and_on_a_python_of_its_own
        unit/test_court_says.py::test_a_subject_that_is_asked_for_and_not_shown_fails_both_commands""",
    "Gathered again under": """
        unit/test_kept_whole.py::test_an_older_bundle_is_replaced_where_the_log_continues_it
        unit/test_kept_whole.py::test_of_a_fork_both_bundles_are_kept""",
    "**Or a report**": """
        api/test_reports.py::test_a_page_leads_to_its_report_and_it_verifies
        api/test_reports.py::test_one_wrong_byte_in_the_bundle_is_refused
        unit/test_report_file.py::test_a_report_with_another_file_or_none_is_refused""",
    "python -m ledger.verify report.pdf": """
        api/test_reports.py::test_a_page_leads_to_its_report_and_it_verifies
        unit/test_report_file.py::test_the_command_refuses_it_with_its_code""",
    "It prints when the checkpoint": """
        unit/test_court_says.py::test_of_each_line_it_is_said_whose_it_is_and_how_the_key_came_in
        unit/test_court_says.py::test_the_time_of_the_checkpoint_and_its_age_are_printed
        unit/test_verify_time.py::test_a_time_that_is_still_to_come_has_no_negative_age
        unit/test_court_says.py::test_without_a_seal_no_history_passes_and_the_subject_is_not_shown""",
    "**Or one receipt**": """
        unit/test_verify_receipt.py::test_the_apis_json_is_verified_like_the_bare_proof
        unit/test_verify_receipt.py::test_an_entry_as_the_api_answers_it_is_verified_like_its_bytes""",
    "python -m ledger.verify receipt.json": """
        unit/test_verify_command.py::test_a_receipt_is_verified_with_its_entry""",
    "With `--previous FILE` it is held": """
        unit/test_verify_time.py::test_a_receipt_is_held_to_a_checkpoint_that_was_kept
        unit/test_verify_time.py::test_a_receipt_that_a_checkpoint_contradicts_that_was_kept_is_refused
        unit/test_verify_time.py::test_a_receipt_shows_by_itself_the_prefixes_that_its_proof_leads_to
        unit/test_verify_command.py::test_a_receipt_takes_an_earlier_checkpoint""",
    "Where the log has had other keys": """
        integration/test_client_charter.py::test_a_receipt_under_later_keys_verifies_with_the_bundle_that_shows_them
        integration/test_client_charter.py::test_the_sdk_is_led_from_the_keys_it_trusts_to_those_of_now
        unit/test_client.py::test_a_receipt_is_held_to_all_that_the_verifier_holds_it_to
        unit/test_client.py::test_a_replayed_entry_may_bear_more_lines_where_it_is_shown_that_they_bind
        unit/test_client.py::test_a_replayed_entry_without_our_own_line_is_refused""",
    "**Or the operator's word": """
        unit/test_verify_word.py::test_what_was_refused_and_is_not_there_stands
        unit/test_verify_word.py::test_what_was_refused_for_good_and_is_there_is_a_broken_word
        unit/test_verify_word.py::test_a_promise""",
    "python -m ledger.verify refusal.note": """
        unit/test_verify_word.py::test_the_command_says_so""",
    "techledger events submit envelope.json --promise": """
        integration/promises/test_promises_sdk.py::test_the_commands_keep_the_promise_and_the_refusal_as_files_and_verify_holds_them_to_the_log""",
    "Who asks for a promise": """
        integration/promises/test_promises.py::test_a_promise_is_signed_and_kept_and_the_log_shows_it
        integration/promises/test_promises_kept.py::test_an_operator_who_forgets_what_was_promised_is_found_out
        e2e/test_promises.py::test_a_promise_outlives_a_kill""",
    "A refusal of an instant before": """
        unit/test_verify_word.py::test_a_refusal_of_before_the_log_or_of_a_time_to_come_is_none
        unit/test_verify_word.py::test_a_clock_may_be_minutes_behind_that_of_the_operator
        unit/test_verify_word.py::test_that_a_rule_forbids_what_is_refused_is_the_operators_word""",
    "**Or what an auditor signed of an audit**": """
        unit/test_audit_summary.py::test_the_verifier_that_needs_no_other_package_reads_it""",
    "python -m ledger.verify summary.note": """
        unit/test_audit_summary.py::test_the_verifier_that_needs_no_other_package_reads_it""",
    "It ends with 1 where that key has not signed": """
        unit/test_audit_summary.py::test_the_verifier_that_needs_no_other_package_reads_it""",
    "**Or a log of somebody else**": "vectors/test_log_any.py::test_its_files_verify",
    "techledger tlog verify DIR": "vectors/test_log_any.py::test_the_commands_say_so",
    "`--previous FILE` holds either": """
        vectors/test_log_any.py::test_a_checkpoint_that_was_kept_is_of_the_same_tree_or_contradicts_or_neither
        vectors/test_log_any.py::test_a_policy_that_names_no_log_trusts_none
        vectors/test_log_any.py::test_a_log_of_another_name_is_not_signed_by_its_key""",
    "techledger rights title right:": """
        unit/malicious/test_malicious_answers.py::test_no_false_member_of_an_answer_is_told_as_verified
        api/test_questions.py::test_the_command_line_gives_the_same_answer""",
    "The answer is computed by the server": """
        unit/malicious/test_malicious_answers.py::test_no_false_member_of_an_answer_is_told_as_verified
        unit/malicious/test_malicious_answers.py::test_true_events_beside_a_false_owner_are_listed_as_what_they_are""",
    "* each event at the `positions`": """
        unit/malicious/test_malicious_answers.py::test_what_was_checked_is_what_the_entries_say
        unit/malicious/test_malicious_answers.py::test_so_many_events_are_fetched_and_no_more
        unit/malicious/test_malicious_answers.py::test_what_does_not_lead_to_the_signed_root_is_refused""",
    "* that the answer is as of no less": """
        unit/malicious/test_malicious_history.py::test_no_answer_is_taken_as_of_less_than_was_seen_before
        unit/malicious/test_malicious_history.py::test_what_was_known_at_some_time_is_asked_as_of_any_size
        unit/malicious/test_malicious_answers.py::test_a_size_that_nobody_signed_is_said_to_be_that""",
    "* that the log continues the checkpoint": """
        unit/malicious/test_malicious_history.py::test_each_question_is_held_to_what_was_seen_before
        unit/malicious/test_malicious_history.py::test_a_log_that_was_rolled_back_is_refused
        unit/malicious/test_malicious_history.py::test_a_log_with_another_history_is_refused_and_both_are_kept""",
    "So it is with `law grounds`": """
        unit/test_servers_word.py::test_what_would_become_of_an_event_is_headed_as_the_servers_word
        unit/malicious/test_malicious_answers.py::test_positions_that_the_log_has_not_are_refused
        unit/malicious/test_malicious_answers.py::test_without_a_trust_root_nothing_is_said_to_be_checked""",
    "*Mỗi câu trả lời mang": """
        unit/malicious/test_malicious_answers.py::test_no_false_member_of_an_answer_is_told_as_verified""",
    "| 1 | origin": """
        unit/test_verify_export.py::test_a_checkpoint_of_another_origin_is_refused
        unit/test_verify_export.py::test_a_trust_root_that_is_no_such_json_is_refused""",
    "| 2 | the note is strict": """
        unit/test_verify_flips.py::test_every_byte_of_the_checkpoint_counts
        unit/test_verify_export.py::test_a_checkpoint_by_one_of_the_logs_two_keys_is_refused
        unit/test_verify_export.py::test_a_checkpoint_without_the_policys_witness_is_refused
        unit/test_verify_export.py::test_a_line_by_a_key_that_nobody_named_is_unchecked
        unit/test_verify_receipt.py::test_a_line_by_a_key_that_nobody_named_is_unchecked
        integration/test_evidence.py::test_a_line_by_a_stranger_is_refused_in_a_bundle""",
    "| 3 | every entry": """
        unit/test_verify_flips.py::test_every_byte_of_the_bundle_counts_and_its_entry_is_named
        unit/test_verify_flips.py::test_every_hash_of_a_larger_log_counts
        unit/test_verify_export.py::test_two_entries_swapped_are_refused_at_the_first
        unit/test_verify_export.py::test_a_checkpoint_beyond_the_entries_is_refused
        unit/test_verify_export.py::test_a_partial_tile_of_an_earlier_size_must_say_what_the_tile_of_now_says
        unit/test_verify_export.py::test_a_file_that_is_none_of_the_logs_is_refused_and_named
        unit/test_verify_export.py::test_an_empty_directory_is_nothing_of_a_log
        unit/test_verify_export.py::test_a_directory_that_an_interrupted_export_made_is_passed_over
        unit/test_verify_export.py::test_a_file_of_a_larger_log_is_passed_over_and_said_to_be_unchecked""",
    "| 4 | entry 0": """
        unit/test_verify_export.py::test_another_first_entry_than_the_trusted_one_is_refused
        unit/test_verify_government.py::test_a_policy_and_keys_that_all_have_signed_are_followed
        unit/test_verify_government.py::test_the_government_of_a_ledger_is_nobodys_alone""",
    "| 5 | the frame": """
        unit/test_verify_entries.py::test_a_payload_that_is_not_canonical_is_refused
        unit/test_verify_entries.py::test_a_malformed_frame_is_refused""",
    "| 6 | meant for": """
        unit/test_verify_entries.py::test_a_header_that_is_not_written_as_one_is_refused
        unit/test_verify_entries.py::test_an_event_logged_twice_is_refused_at_the_second
        unit/test_verify_entries.py::test_an_event_accepted_out_of_its_time_is_refused
        unit/test_verify_entries.py::test_an_entry_accepted_before_the_one_before_it_is_refused
        unit/test_verify_entries.py::test_the_time_in_a_checkpoint_is_whole_seconds
        unit/test_verify_entries.py::test_an_entry_accepted_after_its_checkpoint_was_signed_is_refused
        unit/test_verify_time.py::test_a_witness_may_be_a_minute_behind_and_the_log_not_a_second""",
    "| 7 | subjects": "unit/test_verify_entries.py::test_lists_that_are_not_sorted_ids_are_refused",
    "| 8 | every signature": """
        unit/test_verify_signatures.py::test_no_officer_signs_for_a_party
        unit/test_verify_signatures.py::test_a_revoked_key_binds_no_more
        unit/test_verify_signatures.py::test_a_key_binds_nothing_before_it_was_added
        unit/test_verify_signatures.py::test_a_key_binds_within_its_instants
        unit/test_verify_signatures.py::test_a_line_that_binds_no_signer_is_refused
        unit/test_verify_signatures.py::test_a_signer_without_a_line_is_refused
        unit/test_verify_signatures.py::test_a_line_stripped_from_a_contract_is_missed
        unit/test_verify_signatures.py::test_a_new_key_must_have_signed
        unit/test_verify_signatures.py::test_the_operator_alone_cannot_sign_for_two_parties
        unit/test_verify_mandates.py::test_a_mandate_reaches_up_to_its_ceiling""",
    "| 9 | `--previous FILE`": """
        unit/test_verify_export.py::test_an_earlier_checkpoint_of_another_history_is_refused
        unit/test_verify_command.py::test_an_earlier_checkpoint_adds_the_ninth_step
        unit/test_verify_time.py::test_an_entry_dated_before_a_checkpoint_that_was_seen_without_it_is_refused
        unit/test_verify_time.py::test_an_entry_of_the_very_second_stands
        unit/test_verify_time.py::test_a_checkpoint_that_was_seen_is_no_older_than_its_last_entry
        unit/test_verify_time.py::test_notes_that_an_export_kept_are_held_to_the_log_too
        unit/test_verify_time.py::test_a_bundle_is_held_to_the_earlier_checkpoints_in_it""",
    "| 10, 11 |": """
        integration/test_evidence.py::test_a_later_change_cannot_be_left_out
        integration/test_evidence.py::test_an_opening_that_its_holder_shows""",
    "| 12 |": """
        unit/test_audit_command.py::test_a_deal_that_a_rule_forbids_is_refused_though_all_have_signed""",
    "A refusal is by the first step": """
        unit/test_verify_command.py::test_a_refused_log_exits_with_1_and_says_where
        unit/test_verify_command.py::test_of_faults_in_two_processes_the_first_position_is_named
        unit/test_verify_mandates.py::test_a_sealed_price_under_a_ceiling_is_said_to_be_unchecked
        unit/test_verify_receipt.py::test_lines_by_keys_that_a_receipt_does_not_carry_are_unchecked
        unit/test_verify_receipt.py::test_a_receipt_of_an_entry_that_others_signed_than_its_body_names
        unit/test_verify_receipt.py::test_who_the_officers_are_a_receipt_leaves_open_and_a_bundle_shows
        unit/test_court_says.py::test_what_needs_the_rest_of_the_log_is_unchecked_and_so_is_its_step""",
    "A file that somebody else made": """
        unit/test_odd_files.py::test_an_odd_file_is_refused_by_the_verifier
        unit/test_odd_files.py::test_an_odd_file_in_a_log_is_refused
        unit/test_odd_files.py::test_an_odd_file_is_refused_by_every_command
        unit/test_odd_files.py::test_an_odd_file_is_refused_in_court
        unit/test_odd_files.py::test_directories_far_deeper_than_a_log_has_any_are_refused
        unit/test_verify_command.py::test_wrong_usage_exits_with_2""",
    "Of what is printed, every code point": """
        unit/test_shown.py::test_no_code_point_that_nobody_sees_is_shown
        unit/test_shown.py::test_the_one_file_verifier_shows_what_all_others_show
        unit/test_shown.py::test_a_file_with_a_name_that_hides_something
        unit/test_shown.py::test_a_page_shows_what_an_entry_says""",
    "All that is printed was verified": """
        unit/test_verify_receipt.py::test_an_entry_whose_readable_members_are_forged_is_refused
        unit/test_verify_receipt.py::test_a_member_that_stands_twice_is_refused
        unit/test_verify_receipt.py::test_what_the_json_says_of_other_things_is_said_to_be_unchecked
        unit/test_verify_receipt.py::test_what_is_printed_of_a_receipt_is_what_its_bytes_say""",
    "What officers register": """
        unit/test_verify_delay.py::test_the_delay_is_told_and_the_least_that_there_was
        unit/test_verify_delay.py::test_what_binds_before_the_delay_is_over_is_refused
        unit/test_verify_delay.py::test_what_waits_binds_nobody
        unit/test_verify_delay.py::test_what_was_stopped_never_binds
        unit/test_verify_delay.py::test_another_delay_holds_after_the_old_one
        unit/test_verify_delay.py::test_a_log_without_a_delay_is_called_a_demonstration""",
    "An event by a key that officers": """
        unit/test_verify_delay.py::test_events_that_rest_on_a_vouched_key_are_marked
        api/test_vouched.py::test_events_that_rest_on_a_vouched_key_are_marked
        integration/test_vouched_as_verified.py::test_the_read_models_mark_what_the_verifiers_mark""",
    "Step 8 judges by position": """
        unit/test_verify_signatures.py::test_the_operator_cannot_give_a_party_a_key_by_that_key_alone
        unit/test_verify_signatures.py::test_an_officer_who_vouches_says_so_and_both_sign
        unit/test_verify_signatures.py::test_a_type_of_tomorrow_is_read_and_named
        unit/test_verify_entries.py::test_nothing_stands_behind_the_end_of_a_log""",
    "| a disk, a bug": """
        integration/test_superuser.py::test_m1_a_changed_value_of_any_column_is_found
        integration/test_superuser.py::test_an_attack_on_rows_is_found_by_fsck_alone""",
    "| anyone who edits it with": """
        integration/test_superuser.py::test_m11_m12_m19_even_with_the_logs_key_it_is_found_by_who_kept_anything
        integration/test_rollback.py::test_a_backup_never_signs_and_a_mirror_brings_back_the_identical_root
        integration/test_rollback.py::test_a_backup_with_the_file_of_its_day_is_found_out_by_a_witness""",
    "| an operator who writes events for a party": """
        unit/test_verify_signatures.py::test_the_operator_alone_cannot_sign_for_two_parties
        unit/test_verify_signatures.py::test_no_officer_signs_for_a_party""",
    "| an operator and a registrar who": """
        unit/test_monitor_waiting.py::test_what_waits_in_ones_own_name_is_told_at_once
        unit/test_monitor_dated.py::test_what_is_dated_ahead_of_ones_own_clock_stands
        unit/test_monitor_dated.py::test_a_log_that_answers_and_signs_nothing_is_frozen
        unit/test_verify_delay.py::test_events_that_rest_on_a_vouched_key_are_marked
        integration/test_vouched_as_verified.py::test_the_read_models_mark_what_the_verifiers_mark""",
    "| a thief of a key": """
        unit/test_monitor.py::test_an_event_by_ones_own_key_that_one_did_not_sign
        unit/test_court_says.py::test_of_each_line_it_is_said_whose_it_is_and_how_the_key_came_in""",
    "Each lie of an operator": """
        lies/test_lies.py::test_a_lie_is_found_by_whom_the_document_says""",
    "<!-- lies -->": """
        lies/test_lies.py::test_a_lie_is_found_by_whom_the_document_says
        lies/test_lies.py::test_the_document_has_every_lie_and_every_finder
        lies/test_lies.py::test_what_nobody_finds_the_document_says""",
    "| an operator who opens the log a second time": """
        unit/test_verify_export.py::test_another_first_entry_than_the_trusted_one_is_refused
        unit/test_mirror.py::test_a_log_that_begins_otherwise_is_a_fork_and_not_taken_in
        unit/test_monitor_withheld.py::test_a_log_that_was_opened_anew_under_the_same_keys_is_a_fork""",
    "| an operator who dates": """
        unit/test_verify_time.py::test_an_entry_dated_before_a_checkpoint_that_was_seen_without_it_is_refused
        unit/test_mirror.py::test_an_entry_older_than_what_the_mirror_has_seen_is_refused_with_its_proof
        unit/test_monitor.py::test_an_entry_that_is_older_than_what_was_seen_without_it""",
    "| an operator who admits": """
        unit/test_audit_command.py::test_a_deal_that_a_rule_forbids_is_refused_though_all_have_signed
        unit/test_monitor.py::test_seals_that_are_true_and_one_that_lies""",
    "* Without witnesses": """
        unit/test_monitor.py::test_a_fork_and_a_log_that_shrank
        unit/test_verify_export.py::test_an_earlier_checkpoint_of_another_history_is_refused""",
    "* Of an entry's instant": """
        integration/test_signed_again.py::test_a_checkpoint_bears_the_instant_of_its_last_entry
        integration/test_signed_again.py::test_at_rest_it_is_signed_again_with_the_time_and_receipts_keep_the_first
        integration/test_signed_again.py::test_nothing_is_accepted_before_what_was_signed_at_rest
        unit/test_verify_time.py::test_an_entry_dated_before_a_checkpoint_that_was_seen_without_it_is_refused
        unit/test_verify_entries.py::test_the_bounds_of_an_events_time_belong_to_it""",
    "* A time in the future": """
        unit/test_verify_time.py::test_when_and_by_whom_a_checkpoint_was_signed_is_said_of_logs_and_receipts_too
        unit/test_verify_time.py::test_a_time_in_the_far_future_holds_back_what_it_does_not_cover_alone
        unit/test_verify_time.py::test_a_time_that_is_still_to_come_has_no_negative_age
        unit/test_verify_time.py::test_a_checkpoint_of_a_time_that_no_date_has_is_refused""",
    "* Whom the officers register": """
        unit/test_verify_signatures.py::test_an_officer_who_vouches_says_so_and_both_sign
        unit/test_verify_delay.py::test_a_log_without_a_delay_is_called_a_demonstration
        unit/test_verify_signatures.py::test_a_party_is_not_registered_without_the_operator""",
    "* Whom the two officers erased": """
        integration/test_orders.py::test_a_closed_log_forgets_whom_both_officers_order_to_erase
        integration/test_orders.py::test_an_order_that_officers_did_not_sign_is_found_and_one_that_is_none_stops_the_start""",
    "* An event that the ledger": """
        unit/test_client.py::test_an_answer_to_many_that_drops_the_last_line_is_refused
        integration/promises/test_promises_kept.py::test_an_operator_who_forgets_what_was_promised_is_found_out""",
    "* An operator can refuse what no rule": """
        unit/test_verify_word.py::test_that_a_rule_forbids_what_is_refused_is_the_operators_word""",
    "* Who has the log's keys": """
        integration/test_superuser.py::test_m11_m12_m19_even_with_the_logs_key_it_is_found_by_who_kept_anything
        unit/test_verify_signatures.py::test_a_signature_over_another_payload_is_refused""",
    "`0` verified": """
        unit/test_verify_command.py::test_wrong_usage_exits_with_2
        unit/test_odd_files.py::test_an_odd_file_is_refused_by_the_verifier
        unit/test_verify_command.py::test_a_package_that_is_too_old_is_named_and_refuses_nothing
        unit/test_court.py::test_its_command_says_what_it_needs
        unit/test_court_says.py::test_a_subject_that_is_asked_for_and_not_shown_fails_both_commands""",
    '{"verified": true': "unit/test_verify_command.py::test_json_says_the_same",
    '{"verified": false': "unit/test_verify_command.py::test_json_says_the_same",
    "and of a receipt `entry`": """
        unit/test_verify_receipt.py::test_whether_the_log_is_a_demonstration_only_a_bundle_shows
        unit/test_verify_receipt.py::test_of_a_bundle_without_the_charter_it_is_not_said_either
        unit/test_verify_receipt.py::test_what_is_printed_of_a_receipt_is_what_its_bytes_say
        unit/test_court_says.py::test_the_json_says_what_the_text_says""",
    "Of step 12, a member of `unchecked`": """
        unit/test_audit_command.py::test_what_is_sealed_is_listed_as_unchecked
        unit/test_audit_command.py::test_a_deal_that_a_rule_forbids_is_refused_though_all_have_signed""",
    "Step 12 notes what it has judged": """
        unit/test_judged.py::test_the_command_says_what_was_judged_now_and_earlier
        unit/test_judged.py::test_an_audit_that_is_interrupted_goes_on_from_its_last_commit
        unit/test_audit_killed.py::test_what_is_killed_at_any_step_finds_the_same_when_it_is_run_again
        unit/test_judged.py::test_a_damaged_file_is_told_from_a_broken_log
        unit/test_judged.py::test_other_software_or_law_data_judge_anew
        unit/test_judged.py::test_the_command_makes_a_damaged_file_anew_and_says_so
        unit/test_judged.py::test_the_command_refuses_what_does_not_continue_what_it_judged
        unit/test_judged.py::test_without_read_models_their_digests_are_unchecked""",
    "`techledger audit replay DIR`": """
        unit/test_audit_command.py::test_replay_prints_the_digest_of_every_read_model
        unit/test_audit_killed.py::test_a_replay_that_is_killed_over_and_over_comes_to_its_end
        unit/test_audit_replay.py::test_two_replays_agree_on_every_read_model
        integration/test_projections_rebuild.py::test_a_rebuild_gives_what_following_gave""",
    "`techledger operate fsck`": """
        integration/test_superuser.py::test_every_column_is_labelled
        integration/test_superuser.py::test_m1_a_changed_value_of_any_column_is_found
        integration/test_fsck.py::test_an_edit_by_the_owner_is_found
        integration/test_fsck.py::test_another_note_in_the_anti_rollback_file_is_found
        integration/test_fsck_beside.py::test_what_stands_beside_the_entries_is_looked_at
        integration/test_fsck_beside.py::test_read_models_are_held_against_what_was_kept_of_them""",
    "What is deleted from the database": """
        integration/test_superuser_gone.py::test_m3_rows_taken_out_are_found""",
    "| entries, tags, nodes, the head": """
        integration/test_superuser_gone.py::test_m3_rows_taken_out_are_found""",
    "| the checkpoint that was signed again": """
        integration/test_superuser_gone.py::test_m3_rows_taken_out_are_found
        integration/test_signed_again.py::test_the_file_may_hold_either_note""",
    "| rows that a seal counted": """
        refusals/test_governance.py::test_seal_counts_fall
        unit/test_monitor_goes_on.py::test_a_seal_that_counts_less_than_the_one_before_is_found""",
    "| checkpoints, cosignatures": """
        integration/test_superuser_gone.py::test_m3_rows_taken_out_with_their_links_are_found_by_the_seal
        integration/test_superuser_gone.py::test_m3_another_chain_in_the_place_of_the_old_is_found
        integration/test_superuser_gone.py::test_m3_the_newest_unsealed_rows_with_their_links_leave_no_trace""",
    "| openings of sealed sections": """
        integration/test_superuser_gone.py::test_m3_openings_taken_out_with_their_count_are_found_by_the_seal
        integration/test_fsck_beside.py::test_an_erasure_that_no_event_orders_is_found""",
    "| seals, and what they say": """
        integration/test_superuser_gone.py::test_m3_rows_taken_out_are_found""",
    "| who had openings shown": """
        integration/test_superuser.py::test_what_changes_nothing_is_no_alarm
        integration/test_fsck_beside.py::test_what_stands_beside_the_entries_is_looked_at""",
    "*Kiểm tra tại đây* (*Check here*)": """
        e2e/test_check_here.py::test_the_button_says_what_was_checked_and_keeps_it
        e2e/test_check_here.py::test_without_scripts_there_is_no_button
        unit/test_verify_js.py::test_one_wrong_byte_is_red_and_the_step_is_named
        unit/test_verify_js.py::test_a_party_s_signature_is_verified_by_its_recorded_key
        unit/test_verify_js.py::test_what_a_page_says_of_an_entry_is_held_to_the_entry""",
    "| ✓ green": """
        unit/test_verify_js.py::test_an_entry_alone_is_green
        e2e/test_check_here.py::test_a_trust_root_of_the_reader_s_own_is_held_against_the_log""",
    "| ! amber": """
        unit/test_verify_js.py::test_a_good_bundle_with_histories_is_amber_where_witnesses_sign_by_ml_dsa
        unit/test_verify_js.py::test_a_browser_that_does_not_know_ed25519_is_amber_and_says_so
        unit/test_verify_js.py::test_a_key_of_ml_dsa_is_amber_and_says_so
        e2e/test_check_here.py::test_a_private_window_that_keeps_nothing_is_told""",
    "| ✗ red": """
        unit/test_verify_js.py::test_one_wrong_byte_is_red_and_the_step_is_named
        unit/test_verify_js.py::test_a_log_that_is_not_the_kept_one_is_red""",
    "On its first visit the browser keeps": """
        unit/test_verify_js.py::test_the_first_visit_keeps_and_says_so_and_the_next_holds_the_log_to_it
        e2e/test_check_here.py::test_a_trust_root_of_the_reader_s_own_is_held_against_the_log""",
    "What it leaves out it lists each time": """
        unit/test_verify_js.py::test_whatever_the_court_refuses_it_refuses_but_for_what_no_browser_verifies
        unit/test_verify_js.py::test_a_signature_of_ml_dsa_is_never_passed_in_silence""",
    "The script comes from the server": """
        api/test_found_again.py::test_a_page_brings_its_check_along_and_no_other_script
        unit/test_verify_js.py::test_it_loads_nothing_from_elsewhere_and_writes_no_markup""",
    "A log that was restored from a backup has lost": """
        integration/test_restore_gap.py::test_receipts_of_members_fill_the_gap_to_the_identical_root""",
    "On all cores": """
        unit/test_verify_command.py::test_two_processes_come_to_the_answer_of_one
        unit/test_verify_command.py::test_answers_come_in_the_order_of_their_tasks""",
}
"""By the beginning of each paragraph, row, item or block of code: the tests that hold its lines."""


def blocks() -> Iterator[str]:
    """Yield what the document says, a paragraph, a row or an item each."""
    text = (ROOT / "docs/verify.md").read_text("utf-8")
    for paragraph in re.split(r"\n\s*\n", text):
        if paragraph.startswith(("|", "*  ", "* ")):
            kept = [line for line in paragraph.split("\n") if not re.match(r"\|[-:| ]+\|$", line)]
            yield from re.split(r"\n(?=[|*])", "\n".join(kept[paragraph.startswith("|") :]))
        elif not paragraph.startswith("#"):
            yield paragraph.strip()


@cache
def named_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_line_stands_under_a_test() -> None:
    bare = [block for block in blocks() if not any(map(block.startswith, HELD))]
    assert [] == bare


def test_no_test_is_named_for_a_line_that_is_gone() -> None:
    said = list(blocks())
    assert [] == [line for line in HELD if not any(block.startswith(line) for block in said)]


@pytest.mark.parametrize("line", HELD)
def test_the_tests_that_are_named_are_there(line: str) -> None:
    for named in HELD[line].split():
        file, _, test = named.partition("::")
        assert test in named_in(file), named
