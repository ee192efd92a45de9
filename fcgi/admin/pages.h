/*
 * pages.h: the functions of route.c's rows, each in the file of its noun.  page_… shows,
 * …_post changes.
 */
#ifndef KARTKA_ADMIN_PAGES_H
#define KARTKA_ADMIN_PAGES_H

#include "fcgi/admin/visit.h"

/* home.c, look.c */
page page_home;
page look_post;

/* login.c, login_code.c */
page page_login;
page login_post;
page page_login_code;
page login_code_post;
page page_login_enrol;
page login_enrol_post;
page logout_post;

/* step_up.c */
page page_step_up;
page step_up_post;

/* profile.c */
page page_profile;
page profile_end_post;
page profile_end_others_post;
page page_profile_password;
page profile_password_post;
page page_profile_totp;
page profile_totp_post;

/* staff.c, may.c */
page page_staff;
page staff_export;
page page_staff_add;
page staff_add_post;
page page_staff_one;
page staff_role_post;
page staff_disable_post;
page staff_enable_post;
page staff_reset_post;
page staff_password_post;
page page_may;

/* audit.c */
page page_audit;
page audit_export;

/* catalog.c, category.c, value.c */
page page_catalog;
page catalog_export;
page page_category_new;
page category_new_post;
page page_category;
page category_save_post;
page category_hide_post;
page category_show_post;
page category_move_post;
page page_value_new;
page value_new_post;
page page_value;
page value_save_post;
page value_hide_post;
page value_show_post;
page value_move_post;

/* stock.c, codes.c, staging.c, code.c */
page page_stock;
page stock_export;
page page_stock_value;
page stock_upload_post;
page page_upload;
page upload_confirm_post;
page upload_discard_post;
page page_codes;
page codes_export;
page batches_export;
page page_code_search;
page code_search_post;
page page_code;
page code_reveal_post;
page code_withdraw_post;
page code_defective_post;
page page_batch;
page batch_withdraw_post;
page batch_defective_post;
page batch_expiry_post;

/* orders.c, order_page.c, order.c, payments.c */
page page_orders;
page orders_export;
page page_payments;
page payments_export;
page page_order;
page order_ask_post;
page order_send_post;
page order_refund_post;
page order_replace_post;
page order_decide_post;
page order_dispute_post;
page order_note_post;

/* cases.c */
page page_cases;
page cases_export;
page page_case;
page case_answer_post;
page case_refuse_post;
page case_close_post;
page case_replace_post;
page case_refund_post;

/* buyers.c, buyer.c */
page page_buyers;
page buyers_export;
page page_buyer;
page buyer_ban_post;
page buyer_unban_post;
page buyer_write_post;
page buyer_note_post;
page buyer_lang_post;

/* settings.c, settings_words.c */
page page_settings;
page settings_bounds_post;
page settings_alerts_post;
page page_settings_words;
page settings_words_post;
page sales_pause_post;
page sales_resume_post;

/* health_page.c, webhook.c */
page page_health;
page message_retry_post;
page message_bury_post;
page webhook_ask_post;
page webhook_set_post;

#endif
