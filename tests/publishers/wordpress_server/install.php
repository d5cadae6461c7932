<?php
// Fills an empty database with a site and its people; prints their application passwords as JSON.
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = parse_url(getenv('WORDPRESS_URL'), PHP_URL_HOST);
require $argv[1] . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
add_filter('pre_wp_mail', '__return_true');
wp_install('春茶', 'ana', 'ana@example.com', true, '', 'a password of the tests');
$wp_rewrite->set_permalink_structure('/%postname%/');
update_option('comment_previously_approved', 0);
wp_insert_term('新品', 'category');

$passwords = [];
foreach (['ana' => 'administrator', 'mei' => 'contributor'] as $name => $role) {
    $id = username_exists($name) ?: wp_insert_user([
        'user_login' => $name, 'user_pass' => 'a password of the tests', 'user_email' => "$name@example.com", 'role' => $role,
    ]);
    $passwords[$name] = WP_Application_Passwords::create_new_application_password($id, ['name' => 'Almanac'])[0];
}
echo json_encode($passwords);
