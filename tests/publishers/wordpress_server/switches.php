<?php
// A plugin that a test switches on by a file: what plugins that "disable REST" do.
if (file_exists(WP_CONTENT_DIR . '/rest-is-off')) {
    add_filter('rest_endpoints', fn($endpoints) => array_diff_key(
        $endpoints,
        array_filter($endpoints, fn($path) => str_starts_with($path, '/wp/v2/'), ARRAY_FILTER_USE_KEY)
    ));
}
